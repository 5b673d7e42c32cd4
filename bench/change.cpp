// One entry of a page changed, as a vm has it done: edited and rehashed, handed to the
// pager and cached, its watcher told; and what the change was.
#include <cstdint>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "bench/micro.hpp"
#include "bench/pages.hpp"
#include "bench/workloads.hpp"
#include "runtime/address_space.hpp"
#include "runtime/diff.hpp"

namespace flok::bench {

namespace {

constexpr std::size_t entries = 1000;
constexpr std::size_t few_entries = 10;
constexpr std::size_t first_version = 10'000'000; // all versions have as many digits
constexpr watcher_id watching = 1;

/// An address space with one page that one watcher watches.
class changing_page {
public:
  explicit changing_page(std::size_t size)
      : page_{make_page(page_kind::array, "page", size, 64, first_version)} {
    space_.cache_write(0, {page_}, false);
    space_.watch(1, watching, 0, "page", false);
    (void)space_.take_effects();
  }

  /// Edits an entry, does what the shell does about the effects with a pager that caches
  /// what it is given, and makes the diff that a watcher would be shown.
  std::vector<change> change_one() {
    const auto before = page_;
    // A step that has no divisor in common with the sizes comes to every entry in turn.
    const std::size_t at = ++version_ * step % before->size();
    space_.edit(2, 0, "page", {set_edit{at, fmt::format(R"({{"v":"{}"}})", version_)}},
                std::nullopt);
    const auto asked = space_.take_effects();
    const auto& write = std::get<effects::pager_write>(asked.at(0));
    space_.cache_write(0, {write.page}, false);
    space_.pager_wrote(write.call, {});
    const auto done = space_.take_effects();
    page_ = std::get<effects::notify>(done.at(0)).pages[0];
    if (++unreported_ == limits::credit_batch) {
      space_.credit(watching, limits::credit_batch);
      unreported_ = 0;
    }
    return diff(*before, *page_).value();
  }

private:
  static constexpr std::size_t step = 7919;

  address_space space_{{.namespaces = {"bench"}}, [] { return std::string{"made"}; }};
  page_ptr page_;
  std::size_t version_ = first_version;
  std::uint32_t unreported_ = 0;
};

micro_side change_one(std::size_t size) {
  return [size](benchmark::State& state) {
    changing_page page{size};
    for (auto _ : state)
      if (page.change_one().size() != 1)
        throw std::logic_error{"one entry was changed, and the diff says otherwise"};
  };
}

std::vector<micro_side> beside_ten(std::size_t size) {
  return {change_one(size), change_one(few_entries)};
}

} // namespace

void add_change(workloads& all) {
  all.push_back(micro(
      "change-one", "change one of 1,000 entries: edit, rehash, diff, notify",
      {"itself at 10 entries"}, {"", "", at_most(2)}, [] { return beside_ten(entries); }));
}

void add_change_growth(workloads& all) {
  all.push_back(micro_growth("growth-change", "change one entry", {"itself at 10 entries"},
                             "entries", page_sizes(), beside_ten));
}

} // namespace flok::bench
