/* Freshness without synchronised clocks (docs/link.md): root 0, its child 1, and 2 under 1; one key, discrete time.
 *
 * basis[n] is the promise: what n holds reflects everything the root had committed before that tick. RENEW carries nothing;
 * the answer FRESH(age of the parent's own basis) travels IN the stream, behind the pushes that were sent before; the
 * child sets its basis to the tick at which it SENT the renewal, less that age.
 *
 * Each of these must lead to a violation:
 * -DFROM_RECEIPT: the basis counts from the tick at which FRESH arrived.
 * -DNO_AGE: a parent answers 0 instead of its own age.
 * -DOUT_OF_BAND: FRESH travels beside the stream.
 * -DFORGETFUL_FILL: a push that arrives during a fill is not remembered. */
#ifndef TICKS
#define TICKS 5
#endif
#ifndef WRITES
#define WRITES 2
#endif
#define MAX(a, b) ((a) > (b) -> (a) : (b))
#define MINUS(a, b) ((a) > (b) -> (a) - (b) : 0)

mtype = { PUSH, FRESH };
byte now = 1, rootVersion = 0, rootVersionAt[8];
byte version[3], basis[3], sentAt[3];
bool isRenewing[3];
bool valid = true, filling = false;   /* the entry of 2 and its fill */
byte pushedMeanwhile = 0, evictions = 0;
chan renewals[3] = [1] of { byte };
chan stream[3] = [6] of { mtype, byte };
chan beside[3] = [1] of { byte };     /* -DOUT_OF_BAND alone */
chan gets = [1] of { byte };
chan replies = [1] of { byte };       /* of node 1 to node 2, on a connection of their own */
byte number;
mtype kind;

#ifdef FROM_RECEIPT
#define RENEWED(n) basis[n] = MAX(basis[n], MINUS(now, number))
#else
#define RENEWED(n) basis[n] = MAX(basis[n], MINUS(sentAt[n], number))
#endif
#ifdef NO_AGE
#define AGE_OF_1 0
#else
#define AGE_OF_1 (now - basis[1])
#endif
#ifdef OUT_OF_BAND
#define SEND_FRESH(n, age) beside[n]!age
#else
#define SEND_FRESH(n, age) stream[n]!FRESH, age
#endif

inline check() { assert(version[1] >= rootVersionAt[basis[1]]); assert(!valid || version[2] >= rootVersionAt[basis[2]]) }

#define RENEWALS_OF(n) \
  :: d_step { !isRenewing[n] && sentAt[n] < now -> isRenewing[n] = true; sentAt[n] = now; renewals[n]!0 } \
  :: d_step { len(beside[n]) > 0 -> beside[n]?number; RENEWED(n); isRenewing[n] = false; number = 0; check() }

active proctype System() {
end:
  do
  :: d_step { now < TICKS -> now++; rootVersionAt[now] = rootVersion }
  :: d_step { rootVersion < WRITES -> rootVersion++; stream[1]!PUSH, rootVersion }
  RENEWALS_OF(1) RENEWALS_OF(2)
  :: d_step { len(renewals[1]) > 0 -> renewals[1]?_; SEND_FRESH(1, 0) }
  :: d_step { len(renewals[2]) > 0 -> renewals[2]?_; number = AGE_OF_1; SEND_FRESH(2, number); number = 0 }
  :: d_step { len(stream[1]) > 0 -> stream[1]?kind, number;
       if
       :: kind == PUSH -> version[1] = number; stream[2]!PUSH, number
       :: else -> RENEWED(1); isRenewing[1] = false
       fi;
       number = 0; kind = 0; check() }
  :: d_step { len(stream[2]) > 0 -> stream[2]?kind, number;
       if
       :: kind == PUSH ->
          if :: valid -> version[2] = MAX(version[2], number) :: else fi;
#ifndef FORGETFUL_FILL
          if :: filling -> pushedMeanwhile = MAX(pushedMeanwhile, number) :: else fi
#endif
       :: else -> RENEWED(2); isRenewing[2] = false
       fi;
       number = 0; kind = 0; check() }
  :: d_step { evictions < 2 && valid && !filling -> evictions++; valid = false; version[2] = 0 }
  :: d_step { !valid && !filling -> filling = true; pushedMeanwhile = 0; gets!0 }
  :: d_step { len(gets) > 0 -> gets?_; replies!version[1] }
  :: d_step { len(replies) > 0 -> replies?number;
       version[2] = MAX(number, pushedMeanwhile); valid = true; filling = false; pushedMeanwhile = 0; number = 0; check() }
  od
}
