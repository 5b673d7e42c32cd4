#include <cstdio>
#include <flok/flok.hpp>
#include <nlohmann/json.hpp>

int main(int argc, char* argv[]) {
  // The configuration; its data directory; problems that nobody waits for go to stderr.
  auto sys =
      flok::open({argc > 1 ? argv[1] : "services.json", {}, {}}, flok::builtin_pagers());
  if (!sys)
    return std::fprintf(stderr, "%s\n", sys.error().message.c_str()), 1;

  (*sys)->spawn([](flok::controller& self) { // an actor: one lambda for each event
    self.watch("user", "news", [](const flok::update& u) {
      std::printf("%zu entries, from the %s\n", u.page->size(), to_string(u.why).data());
    });
    auto page = self.new_page(flok::page_kind::array, "news");
    (void)page.insert(0, {{"title", "hello"}});
    self.write("user", page.finish().value());
  });

  (*sys)->drain(); // the watch and the write are done, and told
  if (const auto closed = (*sys)->close(); !closed) // pages could not be put on disk
    return std::fprintf(stderr, "%s\n", closed.error().message.c_str()), 1;
  return 0;
}
