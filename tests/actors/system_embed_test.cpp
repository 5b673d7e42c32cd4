// flok in an actor system that belongs to somebody else, and opened from a file.

#include <atomic>
#include <filesystem>
#include <fstream>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include "actors/controller_actor.hpp"
#include "actors/open.hpp"
#include "testing/temp_dir.hpp"
#include "tests/actors/live.hpp"
#include "tests/actors/test_pagers.hpp"

namespace flok::testing {

namespace {

struct embedder {
  explicit embedder(scheduling how = scheduling::prompt_stealing) {
    system::prepare(config, how);
  }

  std::unique_ptr<system> started(const std::string& data, const pager_source& pagers,
                                  const std::string& pager = "mem") {
    auto options = options_for({"user", "other"}, pager);
    options.data = data;
    auto sys = system::start(*actors, std::move(options), pagers);
    REQUIRE(sys.has_value());
    return std::move(*sys);
  }

  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> actors;
};

void write_file(const std::string& path, const std::string& text) {
  std::ofstream{path} << text;
}

} // namespace

TEST_CASE("embedded: the embedder's actor system, with any scheduling policy") {
  const temp_dir dir;
  for (const auto* policy : {"prompt", "sharing", "stealing"}) {
    inbox<std::string> heard;
    const bool own = std::string_view{policy} == "prompt";
    embedder e{own ? scheduling::prompt_stealing : scheduling::as_configured};
    if (!own)
      set_scheduler_policy(e.config, policy);
    e.actors = std::make_unique<caf::actor_system>(e.config);
    const auto sys = e.started(dir / policy, *builtin_pagers());
    CHECK(&sys->actors() == e.actors.get());
    sys->spawn([&](controller& c) { c.watch("user", "a", telling(heard)); });
    sys->drain();
    REQUIRE(sys->write("user", version("a", "1")).has_value());
    CHECK(heard.next() == "a=1 pager");
    CHECK(sys->close().value() == 1);
  }
}

TEST_CASE(
    "embedded: several systems in one actor system, one after the other and at once") {
  const temp_dir dir;
  embedder e;
  e.actors = std::make_unique<caf::actor_system>(e.config);
  for (int round = 0; round < 3; ++round) {
    const auto one = e.started(dir / "one", *builtin_pagers());
    const auto two = e.started(dir / "two", *builtin_pagers());
    CHECK(one->read("user", "a").has_value() == (round > 0));
    REQUIRE(one->write("user", version("a", std::to_string(round))).has_value());
    CHECK_FALSE(two->read("user", "a").has_value());
  }
}

TEST_CASE("embedded: pagers and the listener have ended when close returns") {
  const temp_dir dir;
  std::atomic<int> ended{0};
  embedder e;
  e.actors = std::make_unique<caf::actor_system>(e.config);
  for (int round = 1; round < 10; ++round) {
    const auto sys = e.started(dir / "data", *test_pagers(&ended), "slow end");
    REQUIRE(sys->close().has_value());
    CHECK(ended == 2 * round);
  }
}

TEST_CASE("embedded: actors of the embedder may speak to the vms themselves") {
  const temp_dir dir;
  embedder e;
  e.actors = std::make_unique<caf::actor_system>(e.config);
  const auto sys = e.started(dir / "data", *builtin_pagers());
  const auto vm = sys->context().vms.find("user")->second;
  caf::scoped_actor self{*e.actors};
  std::string heard;
  ask(&*self, vm, write_request{"user", version("a", "1")})
      .receive([&](const written& w) { heard = label(*w.page); },
               [&](const caf::error& why) { heard = from_caf(why).message; });
  CHECK(heard == "a=1");
  REQUIRE(sys->close().has_value());
  ask(&*self, vm, read_request{"user", "a", false})
      .receive([&](const page_reply&) { heard = "a page"; },
               [&](const caf::error& why) { heard = to_string(from_caf(why).code); });
  CHECK(heard == "shutting_down");
}

TEST_CASE("open: storage.path is relative to the file's folder, data stands over it") {
  const temp_dir dir;
  const auto file = dir / "services.json";
  write_file(file, R"({"pagers":[{"name":"mem","namespace":"user"}],
                       "storage":{"path":"kept/here"}})");
  {
    const auto sys = flok::open({file, {}, {}}, builtin_pagers());
    REQUIRE(sys.has_value());
    REQUIRE((*sys)->write("user", version("a", "1")).has_value());
    CHECK((*sys)->configuration().pagers.size() == 1);
  }
  CHECK(std::filesystem::exists(dir / "kept/here/data.mdb"));
  const auto sys = flok::open({file, dir / "elsewhere", {}}, builtin_pagers());
  REQUIRE(sys.has_value());
  CHECK_FALSE((*sys)->read("user", "a").has_value());
  CHECK(std::filesystem::exists(dir / "elsewhere/data.mdb"));
}

TEST_CASE("open: without a place nothing is kept") {
  const temp_dir dir;
  const auto file = dir / "services.json";
  write_file(file, R"({"pagers":[{"name":"mem0","namespace":"user"}]})");
  for (int round = 0; round < 2; ++round) {
    const auto sys = flok::open({file, {}, {}}, builtin_pagers());
    REQUIRE(sys.has_value());
    CHECK_FALSE((*sys)->read("user", "a").has_value());
    REQUIRE((*sys)->write("user", version("a", "1")).has_value());
  }
  CHECK(flok::open({file, {}, {}}, nullptr).error().code == errc::bad_config);
  CHECK(std::distance(std::filesystem::directory_iterator{dir.path()}, {}) == 1);
}

TEST_CASE("open: errors name the file") {
  const temp_dir dir;
  const auto file = dir / "services.json";
  const auto refusal = [&] {
    const auto sys = flok::open({file, dir / "data", {}}, builtin_pagers());
    REQUIRE_FALSE(sys.has_value());
    CHECK(sys.error().code == errc::bad_config);
    CHECK(sys.error().message.starts_with(file + ": "));
    CHECK_FALSE(std::filesystem::exists(dir / "data"));
    return sys.error().message;
  };
  CHECK(refusal().find("No such file") != std::string::npos);
  std::filesystem::create_directory(file);
  refusal();
  std::filesystem::remove(file);
  write_file(file, R"({"pagers":[]})");
  CHECK(refusal().find("/pagers") != std::string::npos);
  write_file(file, "");
  refusal();
}

} // namespace flok::testing
