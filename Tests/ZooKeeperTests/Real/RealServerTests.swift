import Foundation
import Testing
import UVHTTP
import ZooKeeper

/// Against Debian's ZooKeeper, one test after the other: each has servers of its own.
@Suite(.serialized, .neverStandsStill, .enabled(if: !isUnderSanitizer))
struct RealServerTests {}

/// Set by `make sanitize`: its processes are too slow for timeouts that are real.
let isUnderSanitizer = getenv("CANOPY_SANITIZER") != nil
