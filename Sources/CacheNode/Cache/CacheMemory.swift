import Glibc

/// Why a cache could not be made.
enum CacheError: Error, Equatable {
    /// The kernel refused even the smallest address space (`ulimit -v`, or strict overcommit).
    case addressSpaceRefused(bytes: Int)
}

/// What is known of one page: of a table segment only `live`, the number of its entries.
struct PageState {
    /// Neighbours in the list that the page is in; 0 none.
    var previous: UInt32
    var next: UInt32
    /// The first of the freed pieces, as a unit within the page; `noPiece` none.
    var firstFree: UInt16
    /// Units from the page's start that were ever handed out.
    var unitsTouched: UInt16
    /// Pieces in use.
    var live: UInt16
    var sizeClass: UInt8
    /// Taken from the pages that are kept for tags.
    var isTagPage: Bool

    static var noPiece: UInt16 { .max }
}

/// Every byte that a cache holds: the budget, and the pages that entries and table segments live
/// in.
///
/// The address space is reserved once, in proportion to the bound; the kernel gives memory when a
/// page is first touched. Freed pages wait in a small pool; beyond it their memory goes back to the
/// kernel. Page 0 is never handed out: it is the table's scratch page.
struct CacheMemory: ~Copyable {
    static var pageBytes: Int { 65_536 }
    /// The smallest bound that makes a usable cache.
    static var bytesMin: Int { 1 << 20 }
    /// Pages that references of 32 bits reach: 64 GiB.
    private static var pagesMax: Int { 1 << 20 }
    /// Freed pages that keep their memory, so that a page emptied and filled in turn costs no call.
    private static var pooledPagesMax: Int { 16 }
    /// Of so many pages one is kept for tags.
    private static var pagesPerTagPage: Int { 32 }

    /// The bound, in bytes.
    let bytesMax: Int
    /// Exactly what is held now, pooled and reserved pages included; at most `bytesMax`.
    var bytesUsed: Int { bytesCharged + tagPages * Self.pageBytes }
    /// The same without the pages that were kept for tags.
    private var bytesCharged: Int
    /// What `bytesCharged` may be.
    private let bytesChargedMax: Int
    /// Pages that are kept for tags, and how many of them are taken.
    private let tagPagesMax: Int
    private(set) var tagPages = 0
    /// Pages paid for and not yet taken.
    private(set) var reservedPages = 0
    /// Pages whose memory went back to the kernel so far; each cost some 8 µs.
    private(set) var cooledPages = 0

    let base: UnsafeMutableRawPointer
    let states: UnsafeMutablePointer<PageState>
    /// Room for the table's directory, of 2 to the `directoryDepthMax` words, zero.
    let directory: UnsafeMutablePointer<UInt64>
    let directoryDepthMax: Int

    private let layout: Layout
    /// Pages from the first on that were ever taken, the scratch page included.
    private var pagesTouched = 1
    /// Free pages that have their memory still, and free pages that don't; linked by `next`.
    private var pooled: UInt32 = 0
    private var pooledCount = 0
    private var cold: UInt32 = 0
    private var coldCount = 0

    /// Reserves for at most `bytesMax` bytes (`bytesMin` or more); for less, and with a smaller
    /// `bytesMax`, where the kernel refuses that much. With `keepsTagPages` one page of 32 is only
    /// for tags.
    init(bytesMax: Int, keepsTagPages: Bool = false) throws(CacheError) {
        precondition(bytesMax >= Self.bytesMin)
        var bytes = bytesMax
        var mapping = Layout(bytesMax: bytes).map()
        while mapping == nil, bytes > Self.bytesMin {
            bytes = max(bytes / 2, Self.bytesMin)
            mapping = Layout(bytesMax: bytes).map()
        }
        let layout = Layout(bytesMax: bytes)
        guard let base = mapping else { throw .addressSpaceRefused(bytes: layout.mappedBytes) }
        self.bytesMax = bytes
        self.layout = layout
        self.base = base
        states = (base + layout.statesOffset).bindMemory(
            to: PageState.self, capacity: layout.pageCount)
        directory = (base + layout.directoryOffset).bindMemory(
            to: UInt64.self, capacity: 1 << layout.directoryDepthMax)
        directoryDepthMax = layout.directoryDepthMax
        bytesCharged = layout.fixedBytes
        tagPagesMax = keepsTagPages ? max(1, layout.pageCount / Self.pagesPerTagPage) : 0
        bytesChargedMax = bytes - tagPagesMax * Self.pageBytes
    }

    deinit { munmap(base, layout.mappedBytes) }

    /// What the most demanding of entries may cost when the cache is otherwise empty.
    var bytesLeftWhenEmpty: Int { bytesChargedMax - layout.fixedBytes - Self.pageBytes }

    @inline(__always)
    func address(ofPage page: UInt32) -> UnsafeMutableRawPointer {
        base + Int(truncatingIfNeeded: page) &* Self.pageBytes
    }

    // MARK: Budget

    /// Books `bytes`; false, and nothing booked, when they don't fit.
    mutating func charge(_ bytes: Int) -> Bool {
        while bytes > bytesChargedMax - bytesCharged {
            guard coolPooledPage() else { return false }
        }
        bytesCharged += bytes
        return true
    }

    /// What `charge` would book now, at most.
    var bytesFree: Int { bytesChargedMax - bytesCharged + pooledCount * Self.pageBytes }

    /// Takes back what was booked.
    mutating func refund(_ bytes: Int) {
        bytesCharged -= bytes
    }

    /// Pays for a page that `takeReservedPage` will then surely give.
    mutating func reservePage() -> Bool {
        guard pagesAvailable > reservedPages, charge(Self.pageBytes) else { return false }
        reservedPages += 1
        return true
    }

    mutating func cancelReservedPage() {
        reservedPages -= 1
        refund(Self.pageBytes)
    }

    // MARK: Pages

    /// A page of unknown content, or nil.
    mutating func takePage() -> UInt32? {
        if pooled != 0 {
            let page = pooled
            pooled = states[Int(page)].next
            pooledCount -= 1
            return page
        }
        guard pagesAvailable > reservedPages, charge(Self.pageBytes) else { return nil }
        return takeColdPage()
    }

    /// A page that was paid for by `reservePage`.
    mutating func takeReservedPage() -> UInt32? {
        guard reservedPages > 0 else { return nil }
        cancelReservedPage()
        return takePage()
    }

    /// A page of unknown content for a tag, or nil. Those that are kept for tags are the last.
    mutating func takePageForTag() -> UInt32? {
        if let page = takePage() { return page }
        guard tagPages < tagPagesMax, pagesAvailable > reservedPages else { return nil }
        let page = takeColdPage()
        states[Int(page)].isTagPage = true
        tagPages += 1
        return page
    }

    /// Whether `takePageForTag` would give a page.
    var hasPageForTag: Bool {
        if pooled != 0 { return true }
        return pagesAvailable > reservedPages
            && (tagPages < tagPagesMax || Self.pageBytes <= bytesChargedMax - bytesCharged)
    }

    mutating func givePage(_ page: UInt32) {
        let state = states + Int(page)
        if state.pointee.isTagPage {
            state.pointee.isTagPage = false
            tagPages -= 1
            cool(page)
        } else if pooledCount < Self.pooledPagesMax {
            state.pointee.next = pooled
            pooled = page
            pooledCount += 1
        } else {
            cool(page)
            refund(Self.pageBytes)
        }
    }

    /// Gives the pool's memory back to the kernel.
    mutating func trim() {
        while coolPooledPage() {}
    }

    /// Pages that could be had if the budget allowed, the pool not counted.
    private var pagesAvailable: Int { coldCount + layout.pageCount - pagesTouched }

    private mutating func takeColdPage() -> UInt32 {
        if cold != 0 {
            let page = cold
            cold = states[Int(page)].next
            coldCount -= 1
            return page
        }
        let page = UInt32(pagesTouched)
        pagesTouched += 1
        return page
    }

    private mutating func coolPooledPage() -> Bool {
        guard pooled != 0 else { return false }
        let page = pooled
        pooled = states[Int(page)].next
        pooledCount -= 1
        cool(page)
        refund(Self.pageBytes)
        return true
    }

    /// Gives a page's memory back to the kernel; the budget is for the caller.
    private mutating func cool(_ page: UInt32) {
        // Cannot fail for a mapped range; if it did, only the kernel's memory were held longer.
        madvise(address(ofPage: page), Self.pageBytes, Int32(MADV_DONTNEED))
        states[Int(page)].next = cold
        cold = page
        coldCount += 1
        cooledPages += 1
    }
}

extension CacheMemory {
    /// The one mapping: pages, their states, the directory.
    private struct Layout {
        let pageCount: Int
        let directoryDepthMax: Int
        let statesOffset: Int
        let directoryOffset: Int
        let mappedBytes: Int

        init(bytesMax: Int) {
            pageCount = min(bytesMax / CacheMemory.pageBytes + 1, CacheMemory.pagesMax)
            // Segments are fewer than pages by far; one level more leaves room for bad luck.
            let depth = Int.bitWidth - (pageCount - 1).leadingZeroBitCount + 1
            directoryDepthMax = min(depth, HashTable.depthMax)
            statesOffset = pageCount * CacheMemory.pageBytes
            directoryOffset =
                statesOffset
                + Self.roundUp(pageCount * MemoryLayout<PageState>.stride, to: 4096)
            mappedBytes =
                directoryOffset + Self.roundUp(8 << directoryDepthMax, to: 4096)
        }

        /// What is held from the start: the scratch page, the states and the directory.
        var fixedBytes: Int { mappedBytes - statesOffset + CacheMemory.pageBytes }

        func map() -> UnsafeMutableRawPointer? {
            let mapping = mmap(
                nil, mappedBytes, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_NORESERVE), -1, 0)
            return mapping == MAP_FAILED ? nil : mapping
        }

        private static func roundUp(_ bytes: Int, to step: Int) -> Int {
            (bytes + step - 1) / step * step
        }
    }
}
