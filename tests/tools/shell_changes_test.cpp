// Watches that tell what has changed, or every version.
#include <map>

#include "tests/catch.hpp"
#include "tests/tools/shell_process.hpp"

using namespace flok::testing;

namespace {

json watch_changes(std::string_view who, std::string_view ns, std::string_view id) {
  return op::with(op::watch(who, ns, id), "changes", true);
}

/// A shell whose controller "ann" watches "p" of "user" with its changes.
struct changing_shell {
  changing_shell() {
    shell.must(op::controller("ann"));
    shell.must(watch_changes("ann", "user", "p"));
  }

  void write(const json& page) { shell.must(op::write("user", page)); }

  /// The next events' changes, "-" for none.
  strings changes() {
    strings texts;
    for (const auto& event : shell.drain())
      texts.push_back(event.value.contains("changes") ? event.value.at("changes").dump()
                                                      : "-");
    return texts;
  }

  shell_home home;
  shell_process shell{home.config};
};

std::string modified(const char* version) {
  const json entry{{"_id", "e"}, {"_sig", version}, {"title", version}};
  return json::array({json::array({"entry_modify", 0, entry})}).dump();
}

json counted_page(const char* id, int count) {
  json page = array_page(id, "v" + std::to_string(count));
  for (int more = 0; more < count % 7; ++more)
    page["entries"].push_back({{"_id", std::to_string(count - more)}, {"_sig", "s"}});
  return page;
}

/// Follows each page by the changes alone; tells what is not as the events have it.
strings astray(shell_process& shell, const std::vector<output_line>& events) {
  std::map<std::string, json> pages;
  strings found;
  for (const auto& event : events) {
    const json& page = event.value.at("page");
    json& followed = pages[text(event.value.at("id"))];
    if (event.value.contains("changes") == followed.is_null())
      found.push_back("changes where none were due, or none: " + event.raw);
    if (!followed.is_null() && event.value.contains("changes")) {
      const json& changes = event.value.at("changes");
      if (shell.must(op::replay(followed, changes)).at("page") != page)
        found.push_back("other changes: " + event.raw);
    }
    followed = page;
  }
  return found;
}

} // namespace

TEST_CASE("changes: those from the version sent last", "[shell][changes]") {
  changing_shell s;
  s.write(array_page("p", "v1"));
  s.write(array_page("p", "v2"));
  s.write(array_page("p", "v2"));
  s.shell.must(op::edit("user", "p", json::array({{{"next", "q"}}})));
  CHECK(s.changes() == strings{"-", modified("v2"), R"([["set_next","q"]])"});
}

TEST_CASE("changes: they come beside the page, to who asked for them", "[shell][changes]") {
  changing_shell s;
  s.shell.must(op::controller("bob"));
  s.shell.must(op::watch("bob", "user", "p"));
  s.write(array_page("p", "v1"));
  s.write(array_page("p", "v2"));
  const auto events = s.shell.drain();
  REQUIRE(events.size() == 4);
  for (const auto& event : events) {
    CHECK(event.value.at("page").at("entries").size() == 1);
    const bool first = event.raw.find("v1") != std::string::npos;
    const bool wanted = text(event.value.at("controller")) == "ann";
    CHECK(event.value.contains("changes") == (wanted && !first));
  }
}

TEST_CASE("changes: a resident page is sent whole, and then what changes",
          "[shell][changes]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::write("user", array_page("p", "v1")));
  shell.must(op::controller("ann"));
  shell.must(watch_changes("ann", "user", "p"));
  shell.must(op::write("user", array_page("p", "v2")));
  const auto events = shell.drain();
  REQUIRE(events.size() == 2);
  CHECK_FALSE(events[0].value.contains("changes"));
  CHECK(events[1].value.at("changes").dump() == modified("v2"));
}

TEST_CASE("changes: none after a deletion, and none to another type", "[shell][changes]") {
  changing_shell s;
  s.write(array_page("p", "v1"));
  s.shell.must(op::erase("user", "p"));
  s.write(array_page("p", "v2"));
  s.write(hash_page("p", "v2"));
  s.write(hash_page("p", "v2"));
  s.write(hash_page("p", "v3"));
  const auto events = s.shell.drain();
  REQUIRE(events.size() == 5);
  for (const std::size_t whole : {0U, 1U, 2U, 3U})
    CHECK_FALSE(events[whole].value.contains("changes"));
  const json entry{{"_sig", "v3"}, {"title", "v3"}};
  CHECK(events[4].value.at("changes") ==
        json::array({json::array({"entry_modify", "key", entry})}));
}

TEST_CASE("changes: where only `pending` changes, there are none, and it is said",
          "[shell][changes]") {
  changing_shell s;
  s.write(array_page("p", "v1"));
  s.shell.must(op::cache_write("user", {array_page("p", "v1")}, true));
  s.shell.must(op::cache_write("user", {array_page("p", "v1")}, true));
  s.shell.must(op::cache_write("user", {array_page("p", "v1")}, false));
  CHECK(s.changes() == strings{"-", "[]", "[]"});
}

TEST_CASE("changes: they end with the watch, and where it is asked for anew without",
          "[shell][changes]") {
  changing_shell s;
  s.write(array_page("p", "v1"));
  s.shell.must(op::unwatch("ann", "user", "p"));
  s.write(array_page("p", "v2"));
  s.shell.must(watch_changes("ann", "user", "p"));
  s.write(array_page("p", "v3"));
  CHECK(s.changes() == strings{"-", "-", modified("v3")});
  s.shell.must(op::watch("ann", "user", "p"));
  s.write(array_page("p", "v4"));
  CHECK(s.changes() == strings{"-"});
}

TEST_CASE("changes: of pages that change together, each has its own", "[shell][changes]") {
  changing_shell s;
  s.shell.must(watch_changes("ann", "user", "q"));
  s.shell.must(op::cache_write("user", {array_page("p", "v1"), array_page("q", "v1")}));
  s.shell.must(op::cache_write("user", {array_page("q", "v2"), array_page("p", "v3")}));
  CHECK(s.changes() == strings{"-", "-", modified("v2"), modified("v3")});
}

TEST_CASE("changes: from disk the page comes whole", "[shell][changes]") {
  shell_home home;
  {
    auto shell = home.start_kept();
    shell.must(op::write("user", array_page("p", "v1")));
    CHECK(shell.finish().status == 0);
  }
  auto shell = home.start_kept();
  shell.must(op::controller("ann"));
  shell.must(op::with(watch_changes("ann", "user", "p"), "sync", true));
  shell.must(op::write("user", array_page("p", "v2")));
  const auto events = shell.drain();
  REQUIRE(events.size() == 2);
  CHECK(text(events[0].value.at("origin")) == "disk");
  CHECK_FALSE(events[0].value.contains("changes"));
  CHECK(events[1].value.at("changes").dump() == modified("v2"));
}

TEST_CASE("changes: one after the other they make the page, also where some were merged",
          "[shell][changes]") {
  changing_shell s;
  s.shell.must(watch_changes("ann", "user", "q"));
  s.shell.must(op::stall("ann", 86400000));
  constexpr int versions = 600;
  for (int count = 0; count < versions; ++count) {
    s.shell.send(op::write("user", counted_page("p", count)));
    s.shell.send(op::write("user", counted_page("q", 2 * count)));
  }
  s.shell.must(op::simple("stats")); // all are written
  s.shell.must(op::stall("ann", 0));
  const auto events = s.shell.drain();
  CHECK(events.size() < std::size_t{versions}); // of twice as many
  CHECK(astray(s.shell, events) == strings{});
  std::map<std::string, json> last;
  for (const auto& event : events)
    last[text(event.value.at("id"))] = event.value.at("page");
  CHECK(last.at("p") == page_of(s.shell, "p"));
  CHECK(last.at("q") == page_of(s.shell, "q"));
}

TEST_CASE("changes, every: of the wrong type they are bad requests", "[shell][changes]") {
  changing_shell s;
  for (const char* field : {"changes", "every"})
    for (const json& wrong : {json(1), json("true"), json(nullptr), json::array()})
      CHECK(code_of(s.shell.ask(op::with(op::watch("ann", "user", "x"), field, wrong))) ==
            "bad_request");
  CHECK(stats(s.shell, "user", "watchers") == 1);
}

TEST_CASE("changes: what is held when a watch ends has those of its watch",
          "[shell][changes]") {
  changing_shell s;
  s.write(array_page("p", "v1"));
  s.shell.must(op::simple("drain"));
  s.shell.must(op::stall("ann", 3600000));
  s.write(array_page("p", "v2"));
  s.write(array_page("p", "v3"));
  s.shell.must(op::unwatch("ann", "user", "p"));
  s.write(array_page("p", "v4"));
  s.shell.must(watch_changes("ann", "user", "p"));
  s.write(array_page("p", "v5"));
  s.shell.must(op::simple("stats"));
  s.shell.must(op::stall("ann", 0));
  CHECK(s.changes() == strings{"-", modified("v2"), modified("v3"), "-", modified("v5")});
}
