// What ThreadSanitizer cannot see, told to it. Costs nothing where it is not there.
#pragma once

#if defined(__SANITIZE_THREAD__)
#define FLOK_THREAD_SANITIZER
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FLOK_THREAD_SANITIZER
#endif
#endif

#ifdef FLOK_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#endif

namespace flok {

// A library that is not built with ThreadSanitizer, as Debian's liburcu, orders what two
// threads do: what one did before it called `comes_before` comes before what another does
// after it called `comes_after` with the same address.
#ifdef FLOK_THREAD_SANITIZER
inline void comes_before(void* what) { __tsan_release(what); }
inline void comes_after(void* what) { __tsan_acquire(what); }
#else
inline void comes_before(void* /*what*/) {}
inline void comes_after(void* /*what*/) {}
#endif

} // namespace flok
