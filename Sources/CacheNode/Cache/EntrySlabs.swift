/// Pieces of pages for entries: every page in use belongs to one size class and is cut into pieces
/// of that size. A page whose pieces are all free goes back at once.
struct EntrySlabs: ~Copyable {
    /// Entries up to this many bytes lie in a page; larger ones keep their value outside.
    static var entryBytesMax: Int { 16_384 }

    private static var unitsMax: Int { entryBytesMax / EntrySpace.unitBytes }
    private static var pageUnits: Int { CacheMemory.pageBytes / EntrySpace.unitBytes }
    private static var pageShift: UInt32 { 12 }

    private struct SizeClass {
        let units: Int
        /// The first page of this class that has a free piece; 0 none.
        var open: UInt32
    }

    private let classes: UnsafeMutablePointer<SizeClass>
    /// For a number of units, the smallest class that has them.
    private let classOfUnits: UnsafeMutablePointer<UInt8>

    init() {
        let sizes = Self.classUnits
        classes = .allocate(capacity: sizes.count)
        classOfUnits = .allocate(capacity: Self.unitsMax + 1)
        var next = 0
        for (index, units) in sizes.enumerated() {
            (classes + index).initialize(to: SizeClass(units: units, open: 0))
            while next <= units {
                (classOfUnits + next).initialize(to: UInt8(index))
                next += 1
            }
        }
    }

    deinit {
        classes.deallocate()
        classOfUnits.deallocate()
    }

    /// The classes' sizes in units, ascending: at most an eighth apart, and each as large as the
    /// number of its pieces in a page allows, so that nothing is left over at a page's end.
    static var classUnits: [Int] {
        var sizes: [Int] = []
        var units = 2
        while units <= unitsMax {
            let size = pageUnits / (pageUnits / units)
            sizes.append(size)
            units = size + max(1, size / 8)
        }
        if let largest = sizes.last, largest < unitsMax { sizes.append(unitsMax) }
        return sizes
    }

    /// A piece of at least `byteCount` bytes (1…`entryBytesMax`), or none when it would need a page
    /// and there is none.
    /// One `forTag` may take a page of those that are kept for tags.
    mutating func allocate(
        _ byteCount: Int, forTag: Bool = false, _ memory: inout CacheMemory
    ) -> EntryReference {
        let index = classIndex(byteCount)
        var page = classes[index].open
        if page == 0 {
            guard let fresh = openPage(index, forTag: forTag, &memory) else { return .none }
            page = fresh
        }
        let state = memory.states + Int(page)
        let classUnits = classes[index].units
        let first = page &<< Self.pageShift
        let unit: UInt32
        if state.pointee.firstFree != PageState.noPiece {
            unit = first | UInt32(state.pointee.firstFree)
            let piece = memory.base + Int(unit) &* EntrySpace.unitBytes
            state.pointee.firstFree = piece.load(as: UInt16.self)
        } else {
            unit = first | UInt32(state.pointee.unitsTouched)
            state.pointee.unitsTouched += UInt16(classUnits)
        }
        state.pointee.live += 1
        if Self.isFull(state, classUnits) { close(page, index, memory.states) }
        return EntryReference(unit: unit)
    }

    mutating func free(_ reference: EntryReference, _ memory: inout CacheMemory) {
        let page = reference.unit &>> Self.pageShift
        let state = memory.states + Int(page)
        let index = Int(state.pointee.sizeClass)
        let wasFull = Self.isFull(state, classes[index].units)
        state.pointee.live -= 1
        if state.pointee.live == 0 {
            if !wasFull { close(page, index, memory.states) }
            memory.givePage(page)
            return
        }
        let entry = EntrySpace(base: memory.base)[reference]
        entry.clearState()
        entry.base.storeBytes(of: state.pointee.firstFree, as: UInt16.self)
        state.pointee.firstFree = UInt16(truncatingIfNeeded: reference.unit & 0xFFF)
        if wasFull { open(page, index, memory.states) }
    }

    /// Whether pieces for `byteCount` bytes are smaller than that of `reference`.
    func isSmaller(
        _ byteCount: Int, than reference: EntryReference, _ memory: borrowing CacheMemory
    )
        -> Bool
    {
        let page = reference.unit &>> Self.pageShift
        return classIndex(byteCount) < Int(memory.states[Int(page)].sizeClass)
    }

    /// Whether `allocate` would give a piece as large as that of `reference`.
    @inline(__always)
    func isPiece(
        _ reference: EntryReference, for byteCount: Int, _ memory: borrowing CacheMemory
    ) -> Bool {
        let page = reference.unit &>> Self.pageShift
        return classIndex(byteCount) == Int(memory.states[Int(page)].sizeClass)
    }

    /// Whether `allocate` would give a piece of `byteCount` bytes for a tag.
    func hasRoomForTag(_ byteCount: Int, _ memory: borrowing CacheMemory) -> Bool {
        classes[classIndex(byteCount)].open != 0 || memory.hasPageForTag
    }

    @inline(__always)
    private func classIndex(_ byteCount: Int) -> Int {
        Int(classOfUnits[(byteCount &+ EntrySpace.unitBytes &- 1) / EntrySpace.unitBytes])
    }

    private static func isFull(
        _ state: UnsafeMutablePointer<PageState>, _ classUnits: Int
    ) -> Bool {
        state.pointee.firstFree == PageState.noPiece
            && Int(state.pointee.unitsTouched) + classUnits > pageUnits
    }

    private mutating func openPage(
        _ index: Int, forTag: Bool, _ memory: inout CacheMemory
    ) -> UInt32? {
        let taken = forTag ? memory.takePageForTag() : memory.takePage()
        guard let page = taken else { return nil }
        let state = memory.states + Int(page)
        state.pointee = PageState(
            previous: 0, next: 0, firstFree: PageState.noPiece, unitsTouched: 0, live: 0,
            sizeClass: UInt8(index), isTagPage: state.pointee.isTagPage)
        open(page, index, memory.states)
        return page
    }

    /// Puts `page` first among its class's pages with free pieces.
    private mutating func open(
        _ page: UInt32, _ index: Int, _ states: UnsafeMutablePointer<PageState>
    ) {
        let next = classes[index].open
        states[Int(page)].previous = 0
        states[Int(page)].next = next
        if next != 0 { states[Int(next)].previous = page }
        classes[index].open = page
    }

    /// Takes `page` out of its class's pages with free pieces.
    private mutating func close(
        _ page: UInt32, _ index: Int, _ states: UnsafeMutablePointer<PageState>
    ) {
        let state = states[Int(page)]
        if state.next != 0 { states[Int(state.next)].previous = state.previous }
        if state.previous != 0 {
            states[Int(state.previous)].next = state.next
        } else {
            classes[index].open = state.next
        }
    }
}
