// The fragments of code that the docs show, built and run; docs_test.sh compares them.

#include "tests/catch.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>

#include <nlohmann/json.hpp>

#include "flok.hpp"
#include "pagers/mem.hpp"
#include "pagers/registry.hpp"

namespace {

flok::pager_actor spawn_files_pager(caf::actor_system& sys) {
  return flok::spawn_mem_pager(sys);
}

/// A folder with a configuration, which names the pager that the program adds.
std::string config_in(const std::filesystem::path& folder) {
  std::ofstream{folder / "services.json"}
      << R"({"pagers": [{"name": "files", "namespace": "user"}]})";
  return folder / "services.json";
}

std::filesystem::path new_folder() {
  std::string name = std::filesystem::temp_directory_path() / "flok-docs-XXXXXX";
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  return name;
}

void edit(flok::controller& self, const flok::update& u) {
  // clang-format off
auto draft = self.copy_page(u.page);
draft.insert(0, {{"title", "hello"}});
draft.mutate(1)->set("title", "goodbye");
draft.erase(2);
draft.set_next("news-2");
self.write("user", draft.finish().value());
  // clang-format on
}

flok::page_ptr first_version(const flok::id_source& ids) {
  auto draft = flok::new_page(flok::page_kind::array, ids, "news");
  REQUIRE(draft.insert(0, {{"title", "one"}}));
  REQUIRE(draft.insert(1, {{"title", "two"}}));
  return draft.finish().value();
}

} // namespace

TEST_CASE("docs: a program's own pager, and drafts in a controller") {
  const auto folder = new_folder();
  const auto config_file = config_in(folder);
  // clang-format off
auto pagers = std::make_shared<flok::pager_registry>();
pagers->add({"files"}, spawn_files_pager);
auto sys = flok::open({config_file, {}, {}}, pagers);
  // clang-format on
  REQUIRE(sys);
  std::promise<flok::page_ptr> edited;
  (*sys)->spawn([&](flok::controller& self) {
    self.write("user", first_version((*sys)->ids()));
    self.watch("user", "news", [&](const flok::update& u) {
      if (u.page->next())
        edited.set_value(u.page);
      else
        edit(self, u);
    });
  });
  const auto page = edited.get_future().get();
  CHECK(page->size() == 2);
  CHECK(page->member(0, "title") == "\"hello\"");
  CHECK(page->member(1, "title") == "\"goodbye\"");
  CHECK(page->next() == "news-2");
  CHECK((*sys)->close());
  std::filesystem::remove_all(folder);
}
