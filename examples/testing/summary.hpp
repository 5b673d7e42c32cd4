// A program's controller: it keeps a page that sums up another one.
#pragma once

#include <flok/flok.hpp>
#include <nlohmann/json.hpp>

/// The body of a controller that writes to "summary" how many entries "news" has.
inline void keep_summary(flok::controller& self) {
  const auto write = [&self](std::size_t entries) {
    auto draft = self.new_page(flok::page_kind::hash, "summary");
    (void)draft.insert("news", {{"entries", entries}});
    self.write("user", draft.finish().value());
  };
  self.on_removed([write](const flok::removed_page&) { write(0); });
  self.watch("user", "news", [write](const flok::update& u) { write(u.page->size()); });
}
