// The fragments of code that the docs show, built and run; docs_test.sh compares them.

#include "tests/catch.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>

#include <nlohmann/json.hpp>

#include "actors/prometheus.hpp"
#include "flok.hpp"
#include "pagers/mem.hpp"
#include "pagers/registry.hpp"

namespace {

flok::pager_actor spawn_files_pager(caf::actor_system& sys) {
  return flok::spawn_mem_pager(sys);
}

// clang-format off
flok::expected<void> check_files_options(std::string_view options) {
  const auto given = nlohmann::json::parse(options);
  if (given.contains("path") && given["path"].is_string())
    return {};
  return flok::failure(flok::errc::bad_config, "\"path\" must be a string");
}
// clang-format on

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

std::string listed(const flok::page& news, const flok::page& prefs) {
  std::string all;
  const auto show = [&](std::string_view name, const std::string& value) {
    all += std::string{name} + "=" + value + " ";
  };
  // clang-format off
for (std::size_t i = 0; i < news.size(); ++i)
  show(news.entry(i).name, news.member(i, "title").value_or("null"));
if (const auto at = prefs.find("lang"))
  show("lang", prefs.member(*at, "value").value_or("null"));
return all;
  // clang-format on
}

int complaints = 0;
void complain_about_the_disk() { ++complaints; }

void look_at(flok::system& sys) {
  // clang-format off
const flok::metrics now = sys.metrics();
for (const auto& n : now.namespaces)
  std::printf("%s: %llu reads, p99 %llu ns\n", n.ns.c_str(),
              static_cast<unsigned long long>(n.totals.reads),
              static_cast<unsigned long long>(n.read.quantile_ns(0.99)));
if (now.problems_of(flok::errc::storage_failure) != 0)
  complain_about_the_disk();
  // clang-format on
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

TEST_CASE("docs: what is in a page") {
  const auto news = flok::decode_page(
      R"({"_id":"news","_type":"array","entries":[{"_id":"a","title":"hello"},{"_id":"b"}]})");
  const auto prefs = flok::decode_page(
      R"({"_id":"prefs","_type":"hash","entries":{"lang":{"value":"en"}}})");
  CHECK(listed(**news, **prefs) == "a=\"hello\" b=null lang=\"en\" ");
}

TEST_CASE("docs: a pager's options are checked with the configuration") {
  const auto folder = new_folder();
  const auto config_file = config_in(folder);
  auto pagers = std::make_shared<flok::pager_registry>();
  // clang-format off
pagers->add({.name = "files", .debug_only = false, .check = check_files_options}, spawn_files_pager);
  // clang-format on
  const auto sys = flok::open({config_file, {}, {}}, pagers);
  REQUIRE_FALSE(sys);
  CHECK(sys.error().code == flok::errc::bad_config);
  CHECK(sys.error().message ==
        config_file + ": /pagers/0/options: \"path\" must be a string");
  CHECK(check_files_options(R"({"path": "x"})"));
  std::filesystem::remove_all(folder);
}

#ifdef FLOK_PROMETHEUS
TEST_CASE("docs: metrics, and where they are served") {
  const auto folder = new_folder();
  const std::string config_file = folder / "services.json";
  std::ofstream{config_file} << R"({"pagers": [{"name": "mem", "namespace": "user"}],)"
                             << R"( "metrics": {"listen": "127.0.0.1:0"}})";
  const std::string data_dir = folder / "data";
  const auto on_problem = [](const flok::error&) {};
  // clang-format off
auto sys = flok::open({config_file, data_dir, on_problem, flok::prometheus_exporter()},
                      flok::builtin_pagers());
  // clang-format on
  REQUIRE(sys);
  CHECK((*sys)->metrics_address()->starts_with("127.0.0.1:"));
  look_at(**sys);
  CHECK(complaints == 0);
  REQUIRE((*sys)->close());
  std::filesystem::remove_all(folder);
}
#else
TEST_CASE("docs: metrics") {
  const auto folder = new_folder();
  auto pagers = std::make_shared<flok::pager_registry>();
  pagers->add({"files"}, spawn_files_pager);
  auto sys = flok::open({config_in(folder), {}, {}}, pagers);
  REQUIRE(sys);
  look_at(**sys);
  CHECK(complaints == 0);
  std::filesystem::remove_all(folder);
}
#endif
