// What a million pages in memory cost, beside the bytes of their JSON.
#include <cstdint>
#include <fstream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "bench/workloads.hpp"
#include "runtime/address_space.hpp"
#include "runtime/codec.hpp"

namespace flok::bench {

namespace {

constexpr std::size_t page_bytes = 500;
constexpr std::size_t most_entries = 6;
constexpr double allowed_factor = 1.25;
constexpr double allowed_bytes_a_page = 100;
constexpr double mb = 1e6;

/// A page's JSON as flok prints it, of exactly `page_bytes`, with 1 to 6 entries of about
/// the same size. (Without an entry there is nothing that could fill so many bytes.)
std::string json_of(std::size_t number, std::mt19937_64& random) {
  auto text = fmt::format(
      R"({{"_id":"page-{}","_type":"array","_head":null,"_next":null,"_prev":null,)"
      R"("_hash":"{:010}","entries":[)",
      number, 0);
  const auto entries = 1 + random() % most_entries;
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t rest = page_bytes - 2 - text.size(); // but for the closing "]}"
    const std::size_t end = text.size() + rest / (entries - i);
    text += fmt::format(R"({}{{"_id":"entry-{}","_sig":"{:016x}","text":")",
                        i == 0 ? "" : ",", i, random());
    text.append(end - text.size() - 2, 'x');
    text += "\"}";
  }
  text += "]}";
  if (text.size() != page_bytes)
    throw std::logic_error{"a page that is not as large as it should be: " + text};
  return text;
}

double resident_bytes() {
  std::ifstream file{"/proc/self/statm"};
  std::size_t all = 0;
  std::size_t resident = 0;
  file >> all >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

/// How much this process grows by pages that come in as JSON and are kept.
double growth_by(std::size_t pages) {
  std::mt19937_64 random{1};
  malloc_trim(0);
  const double before = resident_bytes();
  address_space space{{.namespaces = {"bench"}}, [] { return std::string{"made"}; }};
  for (std::size_t i = 0; i < pages; ++i) {
    space.cache_write(0, {decode_page(json_of(i, random)).value()}, false);
    (void)space.take_effects();
  }
  malloc_trim(0);
  const double after = resident_bytes();
  if (space.stats(0).pages != pages)
    throw std::logic_error{"not all pages are resident"};
  return after - before;
}

/// The same in a child, so that what earlier rounds left to the allocator does not hide
/// what this one needs, and goes with it.
double growth_in_child(std::size_t pages) {
  int channel[2];
  if (pipe(channel) != 0)
    throw std::runtime_error{"memory: no pipe"};
  const pid_t child = fork();
  if (child < 0)
    throw std::runtime_error{"memory: no child"};
  if (child == 0) {
    const double bytes = growth_by(pages);
    const bool told = write(channel[1], &bytes, sizeof bytes) == sizeof bytes;
    _exit(told ? 0 : 1);
  }
  close(channel[1]);
  double bytes = 0;
  const bool heard = read(channel[0], &bytes, sizeof bytes) == sizeof bytes;
  close(channel[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!heard || status != 0)
    throw std::runtime_error{"memory: the child failed"};
  return bytes;
}

class memory_workload final : public workload {
public:
  explicit memory_workload(std::size_t pages) : pages_{pages} {}

  figures run(std::size_t side) override {
    const auto pages = static_cast<double>(pages_);
    const double json = pages * page_bytes;
    if (side == 0) {
      const double bytes = growth_in_child(pages_);
      return {bytes / mb, bytes / mb};
    }
    return {(allowed_factor * json + allowed_bytes_a_page * pages) / mb, json / mb};
  }

private:
  std::size_t pages_;
};

} // namespace

void add_memory(workloads& all) {
  description d{"memory",
                "resident memory of a million pages of 500 B",
                {"their JSON"},
                {{"beside 1.25 x JSON + 100 B a page", "MB", at_most(1)},
                 {"beside JSON alone", "MB"}},
                [](const scale& s) {
                  return std::make_unique<memory_workload>(s.of(1'000'000, 10'000));
                }};
  d.rounds = 3; // memory is hardly disturbed by what else runs
  all.push_back(std::move(d));
}

} // namespace flok::bench
