#include <cstdio>

#include <nlohmann/json.hpp>

#include "examples/demo/demo.hpp"

namespace demo {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(list_figures, list, pages, entries, bytes, edits, edited,
                                   watchers, notifications, median_us, p99_us)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(edit_figures, lists, committed, pageout_ms)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(restart_figures, first_page_ms, all_pages_ms, pages,
                                   entries, edited, from_disk)

std::string to_json(const edit_figures& f) { return nlohmann::json(f).dump(); }

std::string to_json(const restart_figures& f) { return nlohmann::json(f).dump(); }

edit_figures edit_figures_of(const std::string& json) {
  return nlohmann::json::parse(json).get<edit_figures>();
}

restart_figures restart_figures_of(const std::string& json) {
  return nlohmann::json::parse(json).get<restart_figures>();
}

void print_table(const edit_figures& e, const restart_figures& r, double import_ms) {
  const auto n = [](std::uint64_t count) { return static_cast<unsigned long long>(count); };
  std::printf("\n%-13s %6s %8s %9s %9s %6s %14s %10s %8s\n", "list", "pages", "entries",
              "bytes", "watchers", "edits", "notifications", "median us", "99 % us");
  for (const auto& l : e.lists)
    std::printf("%-13s %6llu %8llu %9llu %9llu %6llu %14llu %10.1f %8.1f\n", l.list.c_str(),
                n(l.pages), n(l.entries), n(l.bytes), n(l.watchers), n(l.edits),
                n(l.notifications), l.median_us, l.p99_us);
  std::printf("\nimport of all three, one process each      %8.1f ms\n", import_ms);
  std::printf("pages committed by the page-out            %8llu    in %.1f ms; "
              "the head pages hold no entries and were not edited\n",
              n(e.committed), e.pageout_ms);
  std::printf("restart: from start to the first page      %8.1f ms\n", r.first_page_ms);
  std::printf("restart: from start to all %4llu pages      %8.1f ms\n", n(r.pages),
              r.all_pages_ms);
  std::printf("restart: entries found, edited ones         %llu, %llu%s\n", n(r.entries),
              n(r.edited), r.from_disk ? ", all from disk" : "");
}

} // namespace demo
