// Opens a system in a folder with a configuration, writes a page, and is told of it.
#include <cstdio>
#include <string>

#include <flok/flok.hpp>

#include "own_pager.hpp"
#include "runtime/config.hpp"

namespace {

void write_news(flok::controller& self) {
  self.watch("user", "news", [](const flok::update& u) {
    std::printf("%.*s: %zu entries, %s\n", int(u.page->id().size()), u.page->id().data(),
                u.page->size(), u.pending ? "unconfirmed" : "confirmed");
  });
  auto draft = self.new_page(flok::page_kind::array, "news");
  self.write("user", draft.finish().value());
}

} // namespace

int main(int argc, char* argv[]) {
  const std::string folder = uses_flok::folder(argc, argv);
  auto sys = flok::open({folder + "/services.json", {}, {}}, uses_flok::all_pagers());
  if (!sys) {
    std::fprintf(stderr, "%s\n", sys.error().message.c_str());
    return 1;
  }
  (*sys)->spawn(write_news);
  (*sys)->drain();
  return (*sys)->close() ? 0 : 1;
}
