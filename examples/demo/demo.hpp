// The demo: real lists, imported, watched, edited, paged out, and found again by a new
// process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "flok.hpp"

namespace demo {

/// One of the lists, and what was measured of it.
struct list_figures {
  std::string list; ///< its head page
  std::uint64_t pages = 0;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0; ///< of its pages' JSON
  std::uint64_t edits = 0;
  std::uint64_t edited = 0;   ///< entries that carry one of them
  std::uint64_t watchers = 0; ///< pairs of a page and a controller
  std::uint64_t notifications = 0;
  double median_us = 0; ///< from the write until a watcher's handler runs
  double p99_us = 0;
};

/// What the process that edits found.
struct edit_figures {
  std::vector<list_figures> lists;
  std::uint64_t committed = 0; ///< pages, by the page-out after the edits
  double pageout_ms = 0;
};

/// What the process after it found.
struct restart_figures {
  double first_page_ms = 0; ///< from before the process began until it had a page
  double all_pages_ms = 0;
  std::uint64_t pages = 0;
  std::uint64_t entries = 0;
  std::uint64_t edited = 0; ///< entries that carry an edit of the process before
  bool from_disk = true;    ///< whether each page came from there
};

/// The lists and the files that they come from.
struct source {
  std::string list;
  std::string file;
  std::string pointer;
  std::string id_field;
};
[[nodiscard]] const std::vector<source>& sources();

/// The namespace that they are imported into.
inline constexpr const char* ns = "iso";

/// The member that an edit sets.
inline constexpr const char* edited_field = "flok_demo";

/// The pages of a list, by following `_next` from its head; throws where one is missing.
[[nodiscard]] std::vector<flok::page_ptr> follow(flok::system& sys,
                                                 const std::string& list);

/// The number of a page's entries that carry an edit.
[[nodiscard]] std::uint64_t edited_entries(const flok::page& p);

/// Starts the system that both processes use; throws where it cannot.
[[nodiscard]] std::unique_ptr<flok::system> start(const std::string& folder);

/// Watches every page of each list from several controllers, edits each page several times
/// through drafts, waits until all watchers have heard of each edit, and pages out.
[[nodiscard]] edit_figures run_edit_phase(const std::string& folder);

/// Watches every page of each list again. `began_ns`: when the process was about to begin,
/// on the steady clock.
[[nodiscard]] restart_figures run_restart_phase(const std::string& folder,
                                                std::int64_t began_ns);

/// Prints the table.
void print_table(const edit_figures& e, const restart_figures& r, double import_ms);

/// The figures as JSON and back, from process to process.
[[nodiscard]] std::string to_json(const edit_figures& f);
[[nodiscard]] std::string to_json(const restart_figures& f);
[[nodiscard]] edit_figures edit_figures_of(const std::string& json);
[[nodiscard]] restart_figures restart_figures_of(const std::string& json);

} // namespace demo
