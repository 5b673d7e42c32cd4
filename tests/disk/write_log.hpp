// What the writes of a process to its data.mdb are logged as; shared by the library that is
// preloaded into the process and by the test that reads the log.
#pragma once

#include <cstdint>

namespace flok::testing {

/// Names the log in the process's environment.
inline constexpr const char* write_log_variable = "FLOK_TEST_WRITE_LOG";

enum class logged : std::uint64_t {
  write,        ///< is in the kernel, perhaps not on disk; bytes follow
  synced_write, ///< is on disk; bytes follow
  sync          ///< all that was written before is on disk
};

/// One entry of the log, before its bytes.
struct log_header {
  logged kind;
  std::uint64_t offset;
  std::uint64_t size;
};

} // namespace flok::testing
