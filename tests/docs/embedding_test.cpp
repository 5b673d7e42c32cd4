// The code of docs/embedding.md, built and run; docs_test.sh compares them.

#include "tests/catch.hpp"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <vector>

#include <nlohmann/json.hpp>

#include "flok.hpp"

namespace {

int fail(const flok::error& e) {
  FAIL_CHECK(e.message);
  return 1;
}

/// What the handlers of the docs hear.
struct heard {
  std::atomic<int> errors{0}, removed{0}, shown{0};
};

int found_of_three(flok::system& sys) {
  int found = 0;
  const auto count = [&](const flok::expected<flok::page_ptr>& page) {
    found += page ? 1 : 0;
  };
  // clang-format off
std::vector<std::future<flok::expected<flok::page_ptr>>> under_way;
for (const auto* id : {"todo", "news", "none"})
  under_way.push_back(sys.async_read("user", id));
for (auto& answer : under_way)
  count(answer.get());
return found;
  // clang-format on
}

int watch_for_a_moment(flok::system& sys, const flok::update_handler& show) {
  // clang-format off
auto watch = sys.watch("user", "news", [&](const flok::update& u) { show(u); });
if (!watch)
  return fail(watch.error());
watch->stop();
  // clang-format on
  return watch->active() ? 1 : 0;
}

/// What edits make of "log", and an object as a draft makes it of a literal.
std::string edited(flok::system& sys, const flok::controller_ref& news) {
  // clang-format off
news.post([](flok::controller& self) {
  self.edit("user", "log", {flok::insert_edit{0, R"({"title": "hello", "from": "ann"})"}},
            flok::page_kind::array);
  self.edit("user", "log", {flok::set_edit{0, R"({"title": "goodbye"})"},
                            flok::pointer_edit{flok::page_pointer::next, "log-2"}});
});
  // clang-format on
  sys.drain(); // the controller has asked
  sys.drain(); // and been answered
  const auto log = sys.read("user", "log").value();
  auto draft = flok::new_page(flok::page_kind::hash, sys.ids());
  CHECK(draft.insert("k", {{"title", "hello"}, {"from", "ann"}}));
  return std::string{log->next().value()} + ": " + log->member(0, "title").value() + " " +
         draft.text("k").value();
}

/// Has the controller add to "todo" what it bases on what is there.
void added(flok::system& sys, const flok::controller_ref& news, heard& h) {
  const auto complain = [&](const flok::error&) { ++h.errors; };
  // clang-format off
news.post([&](flok::controller& self) {
  self.read("user", "todo", [&](const flok::expected<flok::page_ptr>& page) {
    if (!page)
      return complain(page.error());
    auto draft = self.copy_page(*page);
    draft.insert(0, {{"title", "milk"}});
    self.write("user", draft.finish().value(), [&](const flok::expected<flok::page_ptr>& written) {
      if (!written)
        complain(written.error());
    }, {.if_hash = (*page)->hash_text()});
  });
});
  // clang-format on
  for (int hops = 0; hops != 3; ++hops) // it has asked, read, and been answered
    sys.drain();
  CHECK(sys.read("user", "todo").value()->member(0, "title") == "\"milk\"");
}

int run(const std::string& config_file, const std::string& data_dir, heard& h) {
  const auto on_problem = [&](const flok::error&) { ++h.errors; };
  const auto complain = on_problem;
  const auto forget = [&](std::string_view) { ++h.removed; };
  const auto show = [&](const flok::update&) { ++h.shown; };
  // clang-format off
auto opened = flok::open({config_file, data_dir, on_problem}, flok::builtin_pagers());
if (!opened)
  return fail(opened.error());
flok::system& sys = **opened;
auto news = sys.spawn([&](flok::controller& self) {
  self.on_error([&](const flok::error& e) { complain(e); });
  self.on_removed([&](const flok::removed_page& r) { forget(r.id); });
  self.watch("user", "news", [&](const flok::update& u) { show(u); }, {},
             {.changes = true, .every = false});
});
auto draft = flok::new_page(flok::page_kind::array, sys.ids(), "todo");
auto inserted = draft.insert(0, {{"title", "hello"}});
auto page = draft.finish();
auto first = sys.write("user", *page, {.if_hash = "", .durable = true});
auto next = sys.write("user", *page, {.if_hash = (*first)->hash_text()});
  // clang-format on
  CHECK(inserted);
  CHECK(next);
  CHECK(sys.write(
      "user", flok::new_page(flok::page_kind::array, sys.ids(), "news").finish().value()));
  CHECK_FALSE(sys.write("user", *page, {.if_hash = "", .durable = false}));
  // clang-format off
flok::page_ptr there = sys.peek("user", "news");
auto read = sys.read("user", "news");
auto ids = sys.list("user", {.prefix = "new"});
sys.drain();
auto committed = sys.page_out();
  // clang-format on
  CHECK(found_of_three(sys) == 2);
  added(sys, news, h);
  CHECK(there);
  CHECK(read);
  CHECK(ids.value() == std::vector<std::string>{"news"});
  CHECK(committed);
  CHECK(h.shown == 1);
  CHECK(watch_for_a_moment(sys, show) == 0);
  CHECK(sys.erase("user", "news"));
  sys.drain();
  CHECK(h.removed == 1);
  CHECK(edited(sys, news) == "log-2: \"goodbye\" {\"from\":\"ann\",\"title\":\"hello\"}");
  // clang-format off
news.post([](flok::controller& self) { self.unwatch("user", "news"); });
news.stop();
auto closed = sys.close();
if (!closed)
  return fail(closed.error());
return 0;
  // clang-format on
}

} // namespace

TEST_CASE("docs: embedding") {
  std::string name = std::filesystem::temp_directory_path() / "flok-docs-XXXXXX";
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  const std::filesystem::path folder{name};
  std::ofstream{folder / "services.json"}
      << R"({"pagers": [{"name": "mem", "namespace": "user"}]})";
  heard h;
  CHECK(run(folder / "services.json", folder / "data", h) == 0);
  CHECK(h.errors == 0);
  std::filesystem::remove_all(folder);
}
