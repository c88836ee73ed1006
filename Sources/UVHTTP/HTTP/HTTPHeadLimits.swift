/// The limits that a head parser asks for, small enough to travel in registers.
public struct HTTPHeadLimits: Sendable {
    public let headBytesMax: Int
    /// At least 1: HTTP/1.1 can't do without Host.
    public let headFieldsMax: Int
    public let targetBytesMax: Int

    @inlinable
    public init(_ limits: HTTPLimits) {
        headBytesMax = limits.headBytesMax
        headFieldsMax = max(1, limits.headFieldsMax)
        targetBytesMax = limits.targetBytesMax
    }
}
