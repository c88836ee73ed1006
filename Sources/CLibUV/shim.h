#ifndef CANOPY_CLIBUV_SHIM_H
#define CANOPY_CLIBUV_SHIM_H
#include <uv.h>
#endif
