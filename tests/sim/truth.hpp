// What is the case in a simulated world, told as plainly as can be.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "runtime/address_space.hpp"

namespace flok::sim {

inline constexpr unsigned spaces = 2;
inline constexpr unsigned ids = 8; ///< of a namespace: "a" and so on
inline constexpr unsigned keys = spaces * ids;
inline constexpr unsigned watcher_slots = 8;

/// A page of a namespace, as a small number; a set of them is the bits of a mask.
using page_key = unsigned;
using key_mask = std::uint32_t;

[[nodiscard]] constexpr page_key key_of(ns_id ns, std::string_view id) {
  return ns * ids + static_cast<unsigned>(id[0] - 'a');
}
[[nodiscard]] constexpr ns_id ns_of(page_key k) { return k / ids; }
[[nodiscard]] inline std::string id_of(page_key k) {
  return std::string(1, static_cast<char>('a' + k % ids));
}
[[nodiscard]] constexpr key_mask bit(page_key k) { return key_mask{1} << k; }
[[nodiscard]] constexpr key_mask keys_of(ns_id ns) {
  return ((key_mask{1} << ids) - 1) << (ns * ids);
}

template <class F>
void for_each_key(key_mask mask, F f) {
  for (; mask != 0; mask &= mask - 1)
    f(static_cast<page_key>(std::countr_zero(mask)));
}

/// One page.
struct page_truth {
  page_ptr page; ///< the newest version, wherever it is; null: there is none
  bool pending = false;
  bool resident = false;
  std::uint64_t bytes = 0;       ///< of a resident page
  std::uint64_t position = 0;    ///< of the newest version among all changes of the world
  std::uint64_t confirmed = 0;   ///< of the newest that a confirmed commit held
  std::uint64_t promised = 0;    ///< of the newest that an answer said to be on disk
  std::uint32_t watchers = 0;    ///< a mask of slots
  unsigned loads = 0;            ///< that have not been answered
  std::deque<request_id> writes; ///< not decided; the first may be with the pager
  bool with_pager = false;
  unsigned reads = 0;     ///< that the pager has been asked for
  bool refreshed = false; ///< cached since its write was handed over
  bool told = false;      ///< the pager heard `watch` and not yet `unwatch`

  [[nodiscard]] bool dirty() const { return position != confirmed; }
  [[nodiscard]] std::string hash() const {
    return page ? page->hash_text() : std::string{};
  }
};

/// All pages, and what just happened.
struct truth {
  bool storage = true;
  std::uint64_t max_bytes = 0;
  std::array<page_truth, keys> pages;
  std::array<bool, spaces> pager_up{true, true};
  std::uint64_t positions = 0; ///< given out so far
  request_id last_request = 0;

  // Of the event that is being dealt with.
  bool load_failed = false;
  bool commit_failed = false;
  bool pager_died = false;
  bool nothing_changed = false; ///< a cache_write of unmodified pages
  request_id decided = 0;       ///< the write that a pager has just decided
  const error* refusal = nullptr;
  page_key read_key = keys; ///< that a pager has just read
  const error* read_refusal = nullptr;

  void begin_event() {
    load_failed = commit_failed = pager_died = nothing_changed = false;
    decided = 0;
    refusal = read_refusal = nullptr;
    read_key = keys;
  }

  /// A new version is in memory.
  void change(page_key k, const page_ptr& page, bool pending) {
    auto& p = pages[k];
    p.position = ++positions;
    if (!storage)
      p.confirmed = p.position;
    show(k, page, pending);
  }

  /// The version that there is, is in memory.
  void show(page_key k, const page_ptr& page, bool pending) {
    auto& p = pages[k];
    p.page = page;
    p.pending = pending;
    p.resident = true;
    p.bytes = page->memory_bytes();
  }

  /// There is no such page any more.
  void remove(page_key k) {
    auto& p = pages[k];
    p.position = ++positions;
    if (!storage)
      p.confirmed = p.position;
    p.page = nullptr;
    p.pending = p.resident = false;
    p.bytes = 0;
  }
};

} // namespace flok::sim
