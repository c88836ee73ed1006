/* The link between a parent and its child (docs/link.md) as a model. `check.sh` lets spin search every order of events.
 *
 * One key. Node 0 is the root, 1 its child, 2 the child of 1; 3 is a child of PARENT_OF_3. Clients read and write at 1, 2
 * and 3; entries are evicted, links drop and are opened again, node 1 crashes once and leaves its children to
 * an ancestor. Each handler runs to completion, as it does on the event loop.
 *
 * What must hold: no node ever shows a version older than one it has shown (assert in `mayShow`); the root commits every
 * write once (in `receiveFromChild`), in the order of its origin; and when nothing is on its way any more, all copies
 * equal the root's, nothing waits, and every acknowledged write has been committed (`AGREED`).
 *
 * -DWITHOUT=n removes rule n of docs/link.md: each must lead to a violation.
 * -DTAGS: an evicted entry may keep its tag (rule 3). -DSILENT: a node evicts without telling its parent, which learns it
 * from the EVICT that answers a needless PUSH. */

#ifndef WITHOUT
#define WITHOUT 0
#endif
#define KEEPS(rule) (WITHOUT != rule)

/* How much of each happens. */
#ifndef WRITES
#define WRITES 2
#endif
#ifndef READS
#define READS 3
#endif
#ifndef EVICTIONS
#define EVICTIONS 2
#endif
#ifndef DROPS
#define DROPS 1
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
/* The tree: the parent of 3, and the parent that 2 finds after the crash of 1 (0, or its lagging uncle 3). */
#ifndef PARENT_OF_3
#define PARENT_OF_3 0
#endif
#ifndef NEXT_PARENT
#define NEXT_PARENT 0
#endif

#define CAPACITY 9
#define BIT(x) (1 << (x))
#define MAX(a, b) ((a) > (b) -> (a) : (b))
#define AT(node, write) ((node) * 4 + (write))

mtype = { GET, PUT, EVICT, REPLY, PUSH, COMMIT, INVALIDATE, RESET };

/* Rule 2: one ordered stream in each direction. */
chan up[4] = [CAPACITY] of { mtype, byte };          /* to the parent of n: kind, floor or write */
chan down[4] = [CAPACITY] of { mtype, byte, byte };  /* to n: kind, version, write */
#if WITHOUT == 2
chan replies[4] = [CAPACITY] of { byte };            /* replies on a connection of their own */
#endif

/* A node. Versions count commits; 0 is none. */
byte parent[4];
bool alive[4];
bool attached[4];      /* its session with its parent stands */
bool valid[4];         /* it holds the entry */
byte version[4];       /* of that entry */
bool tag[4];           /* it has dropped the value and kept the bits */
bool filling[4];       /* its GET is on its way */
byte shown[4];         /* the newest version that could be read here */
byte uncommitted[4];   /* its writes without a commit, a bit each */
byte cameFrom[16];     /* AT(node, write): the child that sent the write, or the node itself */

/* What the parent of n knows of n. */
bool holds[4];         /* the bit: n holds the entry */
bool waits[4];         /* n waits for a reply ... */
byte floorOf[4];       /* ... that is not older than this */
bool isReplyDue[4];    /* without rule 1: the value was read, the bit is still to be set */
byte dueVersion[4];

/* A write. */
byte committedAs[4];
byte origin[4];
bool acknowledged[4];

byte writes = 0, reads = 0, evictions = 0, drops = 0, crashes = 0;
byte i, j, v, w, f, node;  /* for handlers; 0 between them, so that they make no states */
mtype kind;

#if WITHOUT == 2
#define NO_REPLY(n) (len(replies[n]) == 0)
#define SEND_REPLY(n, reply) replies[n]!reply
#else
#define NO_REPLY(n) true
#define SEND_REPLY(n, reply) down[n]!REPLY, reply, 0
#endif

#define QUIET(n) ((len(up[n]) == 0) && (len(down[n]) == 0) && NO_REPLY(n) && !filling[n] && !isReplyDue[n] && (attached[n] || !alive[n]))
#define ALL_QUIET (QUIET(1) && QUIET(2) && QUIET(3))
#define NODE_AGREES(n) (!alive[n] || ((!valid[n] || version[n] == version[0]) && uncommitted[n] == 0 && !waits[n]))
#define WRITE_IS_KEPT(write) (!acknowledged[write] || committedAs[write] > 0)
#define AGREED (NODE_AGREES(1) && NODE_AGREES(2) && NODE_AGREES(3) && WRITE_IS_KEPT(1) && WRITE_IS_KEPT(2) && WRITE_IS_KEPT(3))

inline check() { assert(!ALL_QUIET || AGREED) }

inline mayShow(n, shownVersion) { assert(shownVersion >= shown[n]); shown[n] = shownVersion }

/* Rule 1: the value is read, the bit set and the reply queued in one step. */
inline reply(n, child) {
  holds[child] = true; waits[child] = false; floorOf[child] = 0;
  SEND_REPLY(child, version[n])
}

inline startFill(n, wanted) {
  if :: !filling[n] -> filling[n] = true; up[n]!GET, wanted :: else fi
}

inline pushToHolders(n, pushed, except) {
  j = 1;
  do
  :: j <= 3 ->
     if :: parent[j] == n && attached[j] && holds[j] && j != except -> down[j]!PUSH, pushed, 0 :: else fi;
     j++
  :: else -> break
  od; j = 0
}

/* INVALIDATE goes to those that hold the entry, RESET to every child. */
inline tellChildren(n, message) {
  j = 1;
  do
  :: j <= 3 ->
     if
     :: parent[j] == n && attached[j] && (holds[j] || message == RESET) -> down[j]!message, 0, 0; holds[j] = false
     :: else
     fi;
     j++
  :: else -> break
  od; j = 0
}

inline answerWaiters(n, arrived) {
  j = 1;
  do
  :: j <= 3 ->
     if
     :: parent[j] == n && waits[j] && attached[j] && arrived >= floorOf[j] -> reply(n, j)
     :: parent[j] == n && waits[j] && attached[j] && arrived < floorOf[j] -> startFill(n, floorOf[j])
     :: else
     fi;
     j++
  :: else -> break
  od; j = 0
}

inline dropEntry(n) { valid[n] = false; tag[n] = false; version[n] = 0 }

/* Sessions ------------------------------------------------------------------------------------------------------- */

inline emptyUp(n) { do :: (len(up[n]) > 0) -> up[n]?_, _ :: else -> break od }

inline emptyBoth(n) {
  emptyUp(n);
  do :: (len(down[n]) > 0) -> down[n]?_, _, _ :: else -> break od;
#if WITHOUT == 2
  do :: (len(replies[n]) > 0) -> replies[n]?_ :: else -> break od
#endif
}

inline forgetChild(n) { holds[n] = false; waits[n] = false; floorOf[n] = 0; isReplyDue[n] = false }

/* Rule 7: what the parent owes the child dies with the session, the way back for commits too. */
inline endSession(n) {
  attached[n] = false; forgetChild(n); emptyUp(n);
  if
  :: KEEPS(7) ->
     i = 1;
     do
     :: i <= WRITES -> if :: cameFrom[AT(parent[n], i)] == n -> cameFrom[AT(parent[n], i)] = 0 :: else fi; i++
     :: else -> break
     od; i = 0
  :: else
  fi
}

/* Rule 8: what has no commit yet is sent again, in order. */
inline sendAgain(n) {
  i = 1;
  do
  :: i <= WRITES -> if :: uncommitted[n] & BIT(i) -> up[n]!PUT, i :: else fi; i++
  :: else -> break
  od; i = 0
}

inline attach(n, newParent) {
  emptyBoth(n);
  if :: KEEPS(6) -> dropEntry(n); tellChildren(n, RESET) :: else fi;
  parent[n] = newParent; attached[n] = true; forgetChild(n);
  sendAgain(n);
  if :: filling[n] -> filling[n] = false; startFill(n, shown[n]) :: else fi
}

/* Messages ------------------------------------------------------------------------------------------------------- */

inline onGet(n, child) {
  if :: !KEEPS(10) -> f = 0 :: else fi;
  if
  :: n == 0 || (valid[n] && version[n] >= f) ->
     if :: KEEPS(1) -> reply(n, child) :: else -> isReplyDue[child] = true; dueVersion[child] = version[n] fi
  :: else -> waits[child] = true; floorOf[child] = f; f = MAX(f, shown[n]); startFill(n, f)
  fi
}

/* Rule 9: the root commits each write once; a repeat is answered with what is current. */
inline commit(child) {
  if :: !KEEPS(9) -> assert(committedAs[w] == 0) :: else fi;
  if
  :: committedAs[w] == 0 ->
     i = 1;
     do
     :: i < w -> assert(origin[i] != origin[w] || committedAs[i] > 0 || !alive[origin[w]]); i++
     :: else -> break
     od; i = 0;
     version[0]++; committedAs[w] = version[0];
     pushToHolders(0, version[0], child)
  :: else
  fi;
  holds[child] = true; down[child]!COMMIT, version[0], w
}

inline onPut(n, child) {
  w = f;
  if :: origin[w] == child -> acknowledged[w] = true :: else fi;
  if :: !KEEPS(8) -> uncommitted[child] = uncommitted[child] & (255 - BIT(w)) :: else fi;
  if
  :: n == 0 -> commit(child)
  :: else ->
     cameFrom[AT(n, w)] = child;
     if :: uncommitted[n] & BIT(w) -> skip :: else -> uncommitted[n] = uncommitted[n] | BIT(w); up[n]!PUT, w fi
  fi
}

inline receiveFromChild(child) {
  node = parent[child]; up[child]?kind, f;
  printf("%d hears %e(%d) from %d\n", node, kind, f, child);
  if
  :: kind == GET -> onGet(node, child)
  :: kind == EVICT -> holds[child] = false
  :: kind == PUT -> onPut(node, child)
  fi;
  f = 0; w = 0; node = 0; kind = 0
}

inline onReply(n) {
  filling[n] = false; mayShow(n, v); valid[n] = true; tag[n] = false; version[n] = v; answerWaiters(n, v)
}

/* Rule 4: a push to a tag is passed on. */
inline onPush(n) {
  if
  :: valid[n] -> mayShow(n, v); version[n] = v; pushToHolders(n, v, 0)
  :: !valid[n] && tag[n] -> shown[n] = MAX(shown[n], v); if :: KEEPS(4) -> pushToHolders(n, v, 0) :: else fi
  :: else ->
#ifdef SILENT
     if :: !filling[n] -> up[n]!EVICT, 0 :: else fi
#else
     skip
#endif
  fi
}

/* Installs the entry, then tells the child that sent the write. */
inline onCommit(n) {
  uncommitted[n] = uncommitted[n] & (255 - BIT(w));
  node = cameFrom[AT(n, w)]; cameFrom[AT(n, w)] = 0;
  if :: valid[n] || tag[n] -> pushToHolders(n, v, node) :: else fi;
  mayShow(n, v); valid[n] = true; tag[n] = false; version[n] = v;
  if
  :: node > 0 && node < 4 && node != n && attached[node] && parent[node] == n -> holds[node] = true; down[node]!COMMIT, v, w
  :: else
  fi
}

inline receiveFromParent(n) {
  down[n]?kind, v, w;
  printf("%d hears %e(version %d, write %d)\n", n, kind, v, w);
  if
  :: kind == REPLY -> onReply(n)
  :: kind == PUSH -> onPush(n)
  :: kind == COMMIT -> onCommit(n)
  :: kind == INVALIDATE -> dropEntry(n); tellChildren(n, INVALIDATE)
  :: kind == RESET -> dropEntry(n); tellChildren(n, RESET)
  fi;
  v = 0; w = 0; node = 0; kind = 0
}

/* Events --------------------------------------------------------------------------------------------------------- */

/* Rule 3: who evicts an entry invalidates it in the children that hold it. */
inline evict(n) {
  if :: KEEPS(3) -> tellChildren(n, INVALIDATE) :: else fi;
#ifndef SILENT
  if :: attached[n] -> up[n]!EVICT, 0 :: else fi;
#endif
  dropEntry(n)
}

/* Rule 5: while something is outstanding upstream the entry stays. */
#define MAY_GO(n) (!KEEPS(5) || (!filling[n] && uncommitted[n] == 0))

inline write(n) {
  writes++; printf("a client puts write %d at %d\n", writes, n);
  origin[writes] = n; uncommitted[n] = uncommitted[n] | BIT(writes); cameFrom[AT(n, writes)] = n; up[n]!PUT, writes
}

inline crash(n) {
  printf("%d crashes\n", n);
  crashes++; alive[n] = false; dropEntry(n); filling[n] = false; uncommitted[n] = 0; shown[n] = 0;
  emptyBoth(n); attached[n] = false; forgetChild(n);
  i = 1; do :: i <= 3 -> cameFrom[AT(n, i)] = 0; i++ :: else -> break od;
  i = 2;
  do
  :: i <= 3 -> if :: parent[i] == n -> attached[i] = false; forgetChild(i); emptyUp(i) :: else fi; i++
  :: else -> break
  od; i = 0
}

inline attachAgain(n) {
  printf("%d attaches again\n", n);
  if
  :: alive[parent[n]] -> attach(n, parent[n])
  :: else -> if :: n == 2 -> attach(n, NEXT_PARENT) :: else -> attach(n, 0) fi
  fi
}

#define EVENTS_OF(n) \
  :: d_step { alive[n] && writes < WRITES -> write(n); check() } \
  :: d_step { alive[n] && reads < READS && !valid[n] && uncommitted[n] == 0 && !filling[n] -> \
       reads++; printf("a client reads at %d\n", n); startFill(n, shown[n]); check() } \
  :: d_step { alive[n] && evictions < EVICTIONS && valid[n] && MAY_GO(n) -> \
       evictions++; printf("%d evicts\n", n); evict(n); check() } \
  :: d_step { alive[n] && drops < DROPS && attached[n] -> \
       drops++; printf("the parent ends the session of %d\n", n); endSession(n); check() } \
  :: d_step { alive[n] && !attached[n] -> attachAgain(n); check() } \
  :: d_step { (len(up[n]) > 0) && attached[n] && alive[parent[n]] && !isReplyDue[n] -> receiveFromChild(n); check() } \
  :: d_step { (len(down[n]) > 0) && alive[n] -> receiveFromParent(n); check() }

#ifdef TAGS
#undef MAY_GO
#define MAY_GO(n) false
#define TAG_EVENTS_OF(n) \
  :: d_step { alive[n] && evictions < EVICTIONS && valid[n] -> \
       evictions++; printf("%d keeps a tag\n", n); valid[n] = false; tag[n] = true; version[n] = 0; check() } \
  :: d_step { alive[n] && evictions < EVICTIONS && tag[n] && !valid[n] && !filling[n] && uncommitted[n] == 0 -> \
       evictions++; printf("%d drops its tag\n", n); evict(n); check() }
#else
#define TAG_EVENTS_OF(n)
#endif

#if WITHOUT == 1
#define LATE_REPLY_OF(n) \
  :: d_step { isReplyDue[n] && attached[n] -> \
       forgetChild(n); holds[n] = true; SEND_REPLY(n, dueVersion[n]); dueVersion[n] = 0; check() }
#else
#define LATE_REPLY_OF(n)
#endif

#if WITHOUT == 2
#define SEPARATE_REPLY_TO(n) \
  :: d_step { (len(replies[n]) > 0) && alive[n] -> replies[n]?v; onReply(n); v = 0; check() }
#else
#define SEPARATE_REPLY_TO(n)
#endif

active proctype System() {
  d_step {
    alive[0] = true; alive[1] = true; alive[2] = true; alive[3] = true; valid[0] = true;
    attached[1] = true; attached[2] = true; attached[3] = true;
    parent[1] = 0; parent[2] = 1; parent[3] = PARENT_OF_3
  }
end:
  do
  EVENTS_OF(1) EVENTS_OF(2) EVENTS_OF(3)
  TAG_EVENTS_OF(1) TAG_EVENTS_OF(2) TAG_EVENTS_OF(3)
  LATE_REPLY_OF(1) LATE_REPLY_OF(2) LATE_REPLY_OF(3)
  SEPARATE_REPLY_TO(1) SEPARATE_REPLY_TO(2) SEPARATE_REPLY_TO(3)
  :: d_step { crashes < CRASHES && alive[1] -> crash(1); check() }
  od
}

/* Nothing can happen any more. */
active proctype Monitor() { timeout -> assert(ALL_QUIET && AGREED) }
