/// Where an entry lies in the arena, in units of 16 bytes. A reference holds until the next
/// mutation of the cache: entries may be moved.
struct EntryReference: Equatable {
    let unit: UInt32

    /// No entry. Unit 0 lies in the page that the table keeps for itself, so no entry has it.
    static var none: EntryReference {
        @inline(__always) get { EntryReference(unit: 0) }
    }

    var isNone: Bool {
        @inline(__always) get { unit == 0 }
    }
}

/// The arena as entries see it: a base and references into it.
struct EntrySpace {
    /// Bytes per unit of a reference.
    static var unitBytes: Int { 16 }

    let base: UnsafeMutableRawPointer

    subscript(_ reference: EntryReference) -> Entry {
        @inline(__always) get {
            Entry(base: base + Int(truncatingIfNeeded: reference.unit) &* Self.unitBytes)
        }
    }
}
