import Simulation

/// What a run tells while it happens, for whoever replays a seed.
package final class Story {
    private let tell: ((String) -> Void)?
    private weak var world: SimWorld?

    /// `tell` gets each line; nil keeps silent, and then no line is made.
    package init(tell: ((String) -> Void)? = nil) { self.tell = tell }

    package var isTold: Bool { tell != nil }

    func begin(in world: SimWorld) { self.world = world }

    @inline(__always)
    func line(_ text: @autoclosure () -> String) {
        if let tell { tell("\(seconds(world?.nowMicroseconds ?? 0))  \(text())") }
    }
}
