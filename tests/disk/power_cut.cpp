#include "tests/disk/power_cut.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "tests/disk/disk_home.hpp"
#include "tests/disk/write_log.hpp"

namespace flok::testing {

namespace {

struct entry {
  log_header header{};
  std::string_view bytes;
};

/// The last one may have been cut short by the kill: it did not happen.
std::vector<entry> entries_of(std::string_view log) {
  std::vector<entry> all;
  while (log.size() >= sizeof(log_header)) {
    entry next;
    std::memcpy(&next.header, log.data(), sizeof(log_header));
    log.remove_prefix(sizeof(log_header));
    if (log.size() < next.header.size)
      break;
    next.bytes = log.substr(0, next.header.size);
    log.remove_prefix(next.header.size);
    all.push_back(next);
  }
  return all;
}

void apply(std::string& file, const entry& write) {
  const auto end = write.header.offset + write.header.size;
  if (file.size() < end)
    file.resize(end);
  std::copy(write.bytes.begin(), write.bytes.end(),
            file.begin() + static_cast<std::ptrdiff_t>(write.header.offset));
}

} // namespace

power_cut::power_cut(const std::filesystem::path& config, const std::filesystem::path& data)
    : config_{config}, data_{data}, log_{data.string() + ".log"}, before_{read_all(
                                                                      data / "data.mdb")} {
  write_all(log_, "");
}

std::unique_ptr<shell_process> power_cut::start() const {
  ::setenv("LD_PRELOAD", FLOK_WRITE_LOG, 1);
  ::setenv(write_log_variable, log_.c_str(), 1);
  auto shell = std::make_unique<shell_process>(config_, data_);
  ::unsetenv("LD_PRELOAD");
  return shell;
}

void power_cut::strike(std::mt19937_64& rng) const {
  const std::string log = read_all(log_);
  const auto all = entries_of(log);
  const auto last_sync = std::find_if(all.rbegin(), all.rend(), [](const entry& e) {
    return e.header.kind == logged::sync;
  });
  const auto synced = static_cast<std::size_t>(all.rend() - last_sync);
  const std::uint64_t odds = rng() % 4; // of four unsynced writes, so many are on disk
  std::string file = before_;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto kind = all[i].header.kind;
    if (kind == logged::synced_write ||
        (kind == logged::write && (i < synced || rng() % 4 < odds)))
      apply(file, all[i]);
  }
  write_all(data_ / "data.mdb", file);
}

} // namespace flok::testing
