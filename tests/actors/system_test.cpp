// A whole system, as a program that embeds flok starts it.

#include <array>
#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include "actors/random_ids.hpp"
#include "testing/temp_dir.hpp"
#include "tests/actors/live.hpp"
#include "tests/actors/test_pagers.hpp"

namespace flok::testing {

TEST_CASE("system: what is written can be read, by all threads") {
  const auto sys = started();
  CHECK(sys->read("user", "a").error().code == errc::no_such_page);
  const auto page = version("a", "1");
  CHECK(sys->write("user", page).value() == page);
  CHECK(sys->read("user", "a").value() == page);
  CHECK(sys->read("nowhere", "a").error().code == errc::unknown_namespace);
  CHECK(sys->write("nowhere", page).error().code == errc::unknown_namespace);
  CHECK(sys->write("user", nullptr).error().code == errc::invalid_page);
  CHECK(sys->page_out().value() == 0); // nothing is kept
  CHECK(sys->close().value() == 0);
}

TEST_CASE("system: what was written can be peeked at, by all threads, until it is gone") {
  const auto sys = started();
  CHECK(sys->peek("user", "a") == nullptr);
  CHECK(sys->peek("nowhere", "a") == nullptr);
  const auto page = version("a", "1");
  REQUIRE(sys->write("user", page).has_value());
  std::array<page_ptr, 4> seen;
  std::vector<std::thread> readers;
  for (auto& p : seen)
    readers.emplace_back([&] { p = sys->peek("user", "a"); });
  for (auto& r : readers)
    r.join();
  CHECK(seen == std::array<page_ptr, 4>{page, page, page, page});
  REQUIRE(sys->erase("user", "a").has_value());
  CHECK(sys->peek("user", "a") == nullptr);
  REQUIRE(sys->write("user", page).has_value());
  (void)sys->close();
  CHECK(sys->peek("user", "a") == nullptr);
}

TEST_CASE("system: page_out commits what is dirty, and says how much") {
  const temp_dir dir;
  const auto sys = started(dir / "data");
  CHECK(sys->page_out().value() == 0);
  for (const auto* id : {"a", "b", "c"})
    REQUIRE(sys->write("user", version(id, "1")).has_value());
  CHECK(sys->stats()[0].counts.dirty == 3);
  CHECK(sys->page_out().value() == 3);
  CHECK(uncounted_bytes(sys->stats()[0].counts) == namespace_stats{3, 0, 0, 0, 0});
  CHECK(sys->page_out().value() == 0);
}

TEST_CASE("system: close pages out, and the next one has the pages") {
  const temp_dir dir;
  {
    const auto sys = started(dir / "data");
    REQUIRE(sys->write("user", version("a", "1")).has_value());
    REQUIRE(sys->write("user", version("b", "1")).has_value());
    CHECK(sys->close().value() == 2);
    CHECK(sys->close().value() == 0);
  }
  {
    const auto sys = started(dir / "data");
    CHECK(label(*sys->read("user", "a").value()) == "a=1");
    REQUIRE(sys->write("user", version("a", "2")).has_value());
  } // the destructor closes as well
  const auto sys = started(dir / "data");
  CHECK(label(*sys->read("user", "a").value()) == "a=2");
  CHECK(label(*sys->read("user", "b").value()) == "b=1");
}

TEST_CASE("system: once closed, requests fail and controllers end at once") {
  const temp_dir dir;
  inbox<std::string> heard;
  {
    const auto sys = started(dir / "data");
    REQUIRE(sys->close().has_value());
    CHECK(sys->read("user", "a").error().code == errc::shutting_down);
    CHECK(sys->write("user", version("a", "1")).error().code == errc::shutting_down);
    CHECK(sys->page_out().error().code == errc::shutting_down);
    CHECK(sys->stats().empty());
    const auto c = sys->spawn([&](controller&) { heard.put("never"); });
    CHECK_FALSE(settled(c));
    sys->drain();
  }
  CHECK(heard.take().empty());
}

TEST_CASE("system: what controllers asked for before close is done") {
  const temp_dir dir;
  {
    const auto sys = started(dir / "data");
    for (int i = 0; i < 20; ++i)
      sys->spawn([i](controller& c) {
        c.write("user", version("first", "x"));
        c.write("user", version("p" + std::to_string(i), "1"));
      });
    CHECK(sys->close().value() == 21);
  }
  const auto sys = started(dir / "data");
  for (int i = 0; i < 20; ++i)
    CHECK(sys->read("user", "p" + std::to_string(i)).has_value());
}

TEST_CASE("system: close ends controllers that would go on for ever") {
  std::atomic<int> rounds{0};
  const auto sys = started();
  for (int i = 0; i < 4; ++i)
    sys->spawn([&, i](controller& c) {
      const std::string id = "p" + std::to_string(i);
      c.watch("user", id, [&, id](const update& u) {
        c.write("user", version(id, u.page->entry(0).signature == "1" ? "2" : "1"));
        ++rounds;
      });
      c.write("user", version(id, "1"));
    });
  CHECK(eventually([&] { return rounds > 100; }));
  CHECK(sys->close().has_value());
}

TEST_CASE("system: several namespaces, whichever vm serves them") {
  const temp_dir dir;
  const strings names = {"a", "b", "c", "d", "e"};
  for (const bool again : {false, true}) {
    auto options = options_for(names);
    options.data = dir / "data";
    const auto sys = started(std::move(options));
    for (const auto& ns : names)
      if (!again)
        REQUIRE(sys->write(ns, version("id", ns)).has_value());
    for (const auto& ns : names)
      CHECK(label(*sys->read(ns, "id").value()) == "id=" + ns);
    const auto stats = sys->stats();
    REQUIRE(stats.size() == names.size());
    std::set<std::string> told;
    for (const auto& n : stats) {
      told.insert(n.ns);
      CHECK(uncounted_bytes(n.counts) == namespace_stats{1, again ? 0U : 1U, 0, 0, 0});
    }
    CHECK(told == std::set<std::string>(names.begin(), names.end()));
    CHECK(sys->close().value() == (again ? 0 : names.size()));
  }
}

TEST_CASE("system: two at once on two directories, one directory is for one only") {
  const temp_dir dir;
  const auto one = started(dir / "one");
  const auto two = started(dir / "two");
  REQUIRE(one->write("user", version("a", "1")).has_value());
  CHECK(two->read("user", "a").error().code == errc::no_such_page);
  auto options = options_for();
  options.data = dir / "one";
  const auto third = system::start(options, *builtin_pagers());
  REQUIRE_FALSE(third.has_value());
  CHECK(third.error().code == errc::storage_failure);
  REQUIRE(one->close().has_value());
  CHECK(label(*started(dir / "one")->read("user", "a").value()) == "a=1");
}

TEST_CASE("system: a wrong configuration is refused before anything starts") {
  const temp_dir dir;
  auto options = options_for({"user", "user"});
  options.config_name = "services.json";
  options.data = dir / "data";
  const auto refused = [&] {
    const auto sys = system::start(options, *builtin_pagers());
    REQUIRE_FALSE(sys.has_value());
    CHECK_FALSE(std::filesystem::exists(dir / "data"));
    CHECK(sys.error().code == errc::bad_config);
    CHECK(sys.error().message.starts_with("services.json: "));
    return sys.error().message;
  };
  CHECK(refused().find("/pagers/1/namespace") != std::string::npos);
  options.config.pagers = {{"files", "user", "{}"}};
  CHECK(refused().find("files") != std::string::npos);
  options.config.pagers = {{"spec", "user", "{}"}};
  options.config.debug = false;
  CHECK(refused().find("debug") != std::string::npos);
  options.config.pagers.clear();
  refused();
  options.config.pagers = {{"mem", "user", "{}"}};
  options.config.pageout.interval_ms = 0;
  CHECK(refused().find("/pageout/interval_ms") != std::string::npos);
}

TEST_CASE("system: pages that were changed together come together") {
  auto options = options_for({"user"}, "twins");
  inbox<std::string> batches, single;
  auto sys = system::start(std::move(options), *test_pagers());
  REQUIRE(sys.has_value());
  (*sys)->spawn([&](controller& c) {
    c.on_updates([&](std::span<const update> all) {
      std::string words;
      for (const auto& u : all)
        words += in_words(u) + "; ";
      batches.put(words);
    });
    c.watch("user", "a", telling(single));
    c.watch("user", "twin-a", telling(single));
  });
  (*sys)->drain();
  REQUIRE((*sys)->write("user", version("a", "1")).has_value());
  CHECK(single.next() == "a=1 pager");
  CHECK(single.next() == "twin-a=1 pager");
  CHECK(batches.next() == "a=1 pager; twin-a=1 pager; ");
  CHECK(batches.take().empty());
}

TEST_CASE("system: problems that nobody asked for reach on_problem") {
  inbox<std::string> problems;
  auto options = options_for({"user"}, "mortal");
  options.on_problem = [&](const error& e) {
    problems.put(std::string{to_string(e.code)});
  };
  auto sys = system::start(std::move(options), *test_pagers());
  REQUIRE(sys.has_value());
  (void)(*sys)->write("user", version("death", "1"));
  CHECK(problems.next() == "pager_down");
  CHECK(eventually([&] { return (*sys)->write("user", version("a", "1")).has_value(); }));
}

TEST_CASE("system: reads, writes, page-outs and drains from several threads at once") {
  const temp_dir dir;
  auto options = options_for({"a", "b", "c"});
  options.data = dir / "data";
  options.config.pageout = {1, 5}; // page-outs all the time
  std::atomic<int> wrong{0};
  const auto sys = started(std::move(options));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int n = 0; n < 60; ++n) {
        const std::string ns(1, static_cast<char>('a' + n % 3));
        const auto id = "p" + std::to_string(n % 10) + "-" + std::to_string(t);
        const auto page = version(id, std::to_string(n));
        wrong += sys->write(ns, page).has_value() ? 0 : 1;
        const auto read = sys->read(ns, id);
        wrong += read && *read == page ? 0 : 1;
        if (n % 20 == t)
          wrong += sys->page_out().has_value() ? 0 : 1;
        if (n % 30 == t)
          sys->drain();
        if (n % 30 == 7)
          wrong += sys->stats().size() == 3 ? 0 : 1;
      }
    });
  for (auto& t : threads)
    t.join();
  CHECK(wrong == 0);
  REQUIRE(sys->page_out().has_value());
  for (const auto& n : sys->stats())
    CHECK(n.counts.dirty == 0);
}

TEST_CASE("ids are random UUIDs of version 4, and no two are alike") {
  const auto ids = random_ids();
  std::array<std::vector<std::string>, 3> made;
  std::vector<std::thread> threads;
  for (auto& m : made)
    threads.emplace_back([&] {
      for (int n = 0; n < 2000; ++n)
        m.push_back(ids());
    });
  for (auto& t : threads)
    t.join();
  std::set<std::string> all;
  int wrong = 0;
  for (const auto& m : made)
    for (const auto& id : m) {
      all.insert(id);
      bool good = id.size() == 36 && id[14] == '4' &&
                  std::string_view{"89ab"}.find(id[19]) != std::string_view::npos;
      for (const std::size_t dash : {8U, 13U, 18U, 23U})
        good = good && id[dash] == '-';
      good = good && id.find_first_not_of("0123456789abcdef-") == std::string::npos;
      wrong += good ? 0 : 1;
    }
  CHECK(wrong == 0);
  CHECK(all.size() == 6000);
}

} // namespace flok::testing
