/// The answers that a connection owes, in the order of its requests: those that are still being
/// made, and those that are ready and wait for one before them. Deferred answers alone are here: an
/// answer made at once with nothing before it goes straight to the output.
struct AnswerQueue {
    /// An answer that is being made right now, and what was being made when that began: handling
    /// one request may answer another one.
    struct Making {
        fileprivate let place: DeferredResponse
        /// The answer was put off once more, or became a stream.
        fileprivate var isTaken = false
        fileprivate let bytesBefore: Int
    }

    private var places: [DeferredResponse] = []
    private var making: Making?
    /// Bytes of answers that are ready and wait.
    private(set) var byteCount = 0

    @inline(__always) var isEmpty: Bool { places.isEmpty }
    @inline(__always) var count: Int { places.count }
    var first: DeferredResponse? { places.first }
    var last: DeferredResponse? { places.last }

    /// HTTP ends with the last of the answers: what follows its request is not for HTTP.
    var endsWithSwitch: Bool { places.last?.takeOver != nil }

    mutating func append(_ place: DeferredResponse) {
        places.append(place)
        byteCount += place.byteCount
    }

    /// The answer in `place` is being made, until `endMaking` gets what this returns.
    mutating func beginMaking(_ place: DeferredResponse) -> Making? {
        let outer = making
        making = Making(place: place, bytesBefore: place.byteCount)
        return outer
    }

    /// The place for an answer that isn't made at once: the one that is being filled, if one is.
    private mutating func takePlace() -> DeferredResponse? {
        making?.isTaken = true
        return making?.place
    }

    /// Puts the answer under way off; in `newPlace`, if none is being made in a place.
    mutating func putOff(_ newPlace: @autoclosure () -> DeferredResponse) -> DeferredResponse {
        let placeInTurn = takePlace()
        let place = placeInTurn ?? newPlace()
        place.isPutOff = true
        if placeInTurn == nil { append(place) }
        return place
    }

    /// Makes the answer under way the one that ends HTTP; in `newPlace`, if none is being made in a
    /// place.
    mutating func appendSwitch(
        _ newPlace: @autoclosure () -> DeferredResponse, to protocolName: StaticString,
        _ fieldLines: StaticString, _ takeOver: @escaping HTTPStreamTakeOver
    ) {
        let placeInTurn = takePlace()
        let place = placeInTurn ?? newPlace()
        precondition(!place.isPutOff, "an answer that was put off can't end HTTP")
        place.appendSwitch(to: protocolName, fieldLines, takeOver)
        if placeInTurn == nil { append(place) }
    }

    /// Returns whether the answer is there as a whole.
    mutating func endMaking(outer: Making?) -> Bool {
        guard let made = making else { return false }
        making = outer
        byteCount += made.place.byteCount - made.bytesBefore
        return !made.isTaken
    }

    /// Moves what has been written of the first answer into `output`.
    mutating func drainFirst(into output: inout ByteQueue) {
        guard let first = places.first else { return }
        byteCount -= first.byteCount
        first.drain(into: &output)
    }

    /// Takes out the first answer, which has been written.
    mutating func removeFirst() -> DeferredResponse { places.removeFirst() }

    /// Takes out the answers behind the one in `place`.
    mutating func removeAll(behind place: DeferredResponse) -> [DeferredResponse] {
        guard let index = places.firstIndex(where: { $0 === place }) else { return [] }
        let removed = Array(places[(index + 1)...])
        places.removeSubrange((index + 1)...)
        for place in removed { byteCount -= place.byteCount }
        return removed
    }

    /// Takes out all answers.
    mutating func removeAll() -> [DeferredResponse] {
        let removed = places
        places.removeAll()
        byteCount = 0
        return removed
    }
}
