import UVHTTP

@testable import CacheNode

/// What `write` appends to an empty queue, as text.
func written(_ write: (inout ByteQueue) -> Void) -> String {
    var output = ByteQueue()
    write(&output)
    return output.readable.text
}

extension Array where Element == UInt8 {
    /// Whether these bytes are a JSON text.
    var isJSON: Bool { withUnsafeBytes(JSONScanner.isDocument) }

    /// Why they aren't one, or nil.
    var jsonError: JSONError? {
        withUnsafeBytes { bytes in
            do throws(JSONError) {
                _ = try JSONScanner.document(bytes)
                return nil
            } catch {
                return error
            }
        }
    }
}
