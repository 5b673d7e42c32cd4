// What the workloads with a disk share of flok's side.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "flok.hpp"

namespace flok::bench {

/// The one namespace of these systems; its pager is `mem`.
inline constexpr const char* bench_ns = "bench";

/// A system whose cache is empty, over a data directory, or over none where that is empty.
/// It pages out only when asked to.
[[nodiscard]] std::unique_ptr<system> start_system(const std::string& directory);

/// The id of a page; ids are sorted as their numbers are.
[[nodiscard]] std::string page_id(const std::string& prefix, std::size_t number);

/// That many array pages, PREFIX-0000000 on. Their entries are 64 bytes long: 52 of them
/// make a page of 3.5 KB, 6 one of 0.5 KB.
inline constexpr std::size_t entries_of_3500_bytes = 52;
inline constexpr std::size_t entries_of_500_bytes = 6;
[[nodiscard]] std::vector<page_ptr> make_pages(const std::string& prefix, std::size_t count,
                                               std::size_t entries,
                                               std::size_t version = 0);

/// Writes all pages, and returns when they are resident and dirty.
void write_all(system& sys, std::span<const page_ptr> pages);

/// Numbers from 0 to `count`, in a random order that is always the same.
[[nodiscard]] std::vector<std::size_t> shuffled(std::size_t count);

} // namespace flok::bench
