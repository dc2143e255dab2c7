/**
 * Put before every source of a native build where the compiler is GCC. GCC's own AMX intrinsics do not say what they read:
 * `_tile_loadconfig` names 8 of the 64 bytes, and `_tile_loadd` none at all. The compiler then leaves out stores that nobody seems
 * to read, or moves them behind the load (seen with GCC 12: a crash at the first token). These say it.
 */
export const AMX_HEADER = `#if defined(__AMX_TILE__) && defined(__GNUC__) && !defined(__clang__)
#include <immintrin.h>
#undef _tile_loadconfig
#define _tile_loadconfig(config) __asm__ volatile ("ldtilecfg\\t%0" :: "m" (*(const char (*)[64]) (config)))
#define PARLEY_TILE_LOAD(name, dst, base, stride) \\
  __asm__ volatile (name "\\t(%0,%1,1), %%tmm" #dst :: "r" ((const void *) (base)), "r" ((long) (stride)) : "memory")
#undef _tile_loadd_internal
#define _tile_loadd_internal(dst, base, stride) PARLEY_TILE_LOAD ("tileloadd", dst, base, stride)
#undef _tile_stream_loadd_internal
#define _tile_stream_loadd_internal(dst, base, stride) PARLEY_TILE_LOAD ("tileloaddt1", dst, base, stride)
#endif
`;
