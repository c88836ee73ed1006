#ifndef CANOPY_CLIBUV_SHIM_H
#define CANOPY_CLIBUV_SHIM_H
#include <uv.h>

/* The one variadic call of libuv, which Swift cannot import. */
static inline int canopy_uv_loop_metrics_idle_time(uv_loop_t *loop) {
    return uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
}

#endif
