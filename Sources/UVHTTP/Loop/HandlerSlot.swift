/// The handler of a stream, told of what was read through a pointer to this: a reference that can't
/// change while it is borrowed needs no counting, which one in a class's stored property would get
/// at each call.
///
/// Whoever puts another handler in its place keeps the earlier one until it has returned.
struct HandlerSlot: ~Copyable {
    let handler: (any StreamHandler)?

    @inline(__always)
    borrowing func onRead(_ bytes: UnsafeMutableRawBufferPointer) { handler?.onRead(bytes) }
}
