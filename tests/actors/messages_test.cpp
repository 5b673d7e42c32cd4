// Every message crosses a network and comes out as it was; what makes no sense is refused.

#include "tests/actors/fixture.hpp"
#include "tests/actors/journey.hpp"
#include "tests/catch.hpp"

namespace flok::testing {

namespace {

page_ptr strange_page() {
  return page_of(
      "{\"_id\":\"a\\u0000\",\"_type\":\"hash\",\"_head\":\"h\",\"_next\":null,"
      "\"_prev\":\"\\u00e9\",\"entries\":{\"k\\\"\" :{ \"n\":1.50e+3,\"_sig\":\"s\","
      "\"m\":[ ] ,\"t\":\"\xc3\xa9\\u00e9\"}}}");
}

void check_same(const page_ptr& a, const page_ptr& b) {
  REQUIRE(a);
  REQUIRE(b);
  CHECK(a->json() == b->json());
  CHECK(a->unmodified(*b));
}

} // namespace

TEST_CASE("messages: pages come out byte for byte") {
  stage s;
  const auto page = strange_page();
  check_same(after_journey(s, page_reply{page}).page, page);
  check_same(after_journey(s, written{page}).page, page);
  check_same(after_journey(s, write_request{"n\"s", page}).page, page);
  check_same(after_journey(s, pager_watch{"a", page}).page, page);
  check_same(after_journey(s, pager_read_reply{page}).page, page);
  check_same(after_journey(s, load_reply{{{page, true, "", ""}}}).pages.at(0).page, page);
  const auto w = after_journey(s, pager_write{page, version("b", "1")});
  check_same(w.page, page);
  CHECK(label(*w.replaces) == "b=1");
  const auto c = after_journey(s, cache_write{{version("b", "1"), page}, true});
  REQUIRE(c.pages.size() == 2);
  check_same(c.pages[1], page);
  const auto r = after_journey(s, commit_request{{{"ns", "a", page, true}}});
  REQUIRE(r.pages.size() == 1);
  check_same(r.pages[0].page, page);
}

TEST_CASE("messages: where no page is, none comes out") {
  stage s;
  CHECK_FALSE(after_journey(s, pager_watch{"a", nullptr}).page);
  CHECK_FALSE(after_journey(s, pager_read_reply{}).page);
  CHECK_FALSE(after_journey(s, pager_write{version("b", "1"), nullptr}).replaces);
  CHECK_FALSE(
      after_journey(s, load_reply{{{nullptr, false, "damaged", ""}}}).pages.at(0).page);
  CHECK_FALSE(
      after_journey(s, commit_request{{{"ns", "a", nullptr, false}}}).pages[0].page);
}

TEST_CASE("messages: updates keep namespace, cause and mark") {
  stage s;
  for (const auto why : {origin::cache, origin::disk, origin::pager})
    for (const bool pending : {false, true}) {
      const auto r = after_journey(s, read_res{"ns", {strange_page()}, why, pending});
      CHECK(r.ns == "ns");
      REQUIRE(r.pages.size() == 1);
      check_same(r.pages[0], strange_page());
      CHECK(r.why == why);
      CHECK(r.pending == pending);
    }
}

TEST_CASE("messages: what is gone, and what a write asks for, come out as they were") {
  stage s;
  for (const auto how : {removal::deleted, removal::invalidated})
    CHECK(after_journey(s, removed{"ns", "a", how}).how == how);
  for (const auto& hash : {std::optional<std::string>{}, std::optional<std::string>{""},
                           std::optional<std::string>{"17"}})
    for (const bool durable : {false, true}) {
      const write_rule rule{hash, durable};
      const auto d = after_journey(s, delete_request{"ns", "a", rule});
      CHECK(d.rule.if_hash == hash);
      CHECK(d.rule.durable == durable);
      CHECK(after_journey(s, write_request{"ns", strange_page(), rule}).rule.if_hash ==
            hash);
      CHECK(after_journey(s, edit_request{"ns", "a", {}, {}, rule}).rule.durable ==
            durable);
    }
  CHECK(after_journey(s, invalidate_request{"ns", "a"}).id == "a");
  const auto cached = after_journey(s, cache_request{"ns", {strange_page()}, true});
  REQUIRE(cached.pages.size() == 1);
  check_same(cached.pages[0], strange_page());
  CHECK(cached.pending);
}

TEST_CASE("messages: lists come out as they were") {
  stage s;
  const auto asked = after_journey(s, list_request{"ns", {"pre", "prefix", 7}});
  CHECK(asked.range.prefix == "pre");
  CHECK(asked.range.after == "prefix");
  CHECK(asked.range.limit == 7);
  const strings ids{"a", std::string{"b\0", 2}};
  CHECK(after_journey(s, list_reply{ids}).ids == ids);
}

TEST_CASE("messages: every error code comes out with its sentence") {
  stage s;
  for (unsigned code = 0; code < errc_count; ++code) {
    const error what{static_cast<errc>(code), "why \"" + std::to_string(code), "17"};
    CHECK(after_journey(s, problem{what}).what == what);
    caf::error received;
    CHECK(read_back(s, written_down(s, to_caf(what)), received));
    CHECK(from_caf(received) == what);
  }
}

TEST_CASE("messages: errors that are not flok's are told as shutting_down") {
  CHECK(from_caf(caf::sec::request_receiver_down).code == errc::shutting_down);
  CHECK(from_caf(caf::error{caf::exit_reason::kill}).code == errc::shutting_down);
  CHECK(from_caf(caf::error{}).code == errc::shutting_down);
  CHECK(from_caf(detail::caf_error(0xff, {})).code == errc::shutting_down);
}

TEST_CASE("messages: edits come out as they were") {
  stage s;
  const auto edits =
      parse_edits(R"([{"insert":{"at":0,"entry":{"n" : 1.0}}},{"del":{"at":"k"}},
      {"set":{"at":"k","fields":{"t":"\u00e9"}}},{"head":null},{"next":"n"},{"prev":"p"}])");
  REQUIRE(edits.has_value());
  for (const auto create : {std::optional<page_kind>{}, std::optional{page_kind::array},
                            std::optional{page_kind::hash}}) {
    const auto r = after_journey(s, edit_request{"ns", "a", *edits, create});
    CHECK(to_json(r.edits) == to_json(*edits));
    CHECK(r.create == create);
  }
  CHECK(after_journey(s, edit_request{"ns", "a", {}, {}}).edits.empty());
}

TEST_CASE("messages: actors come out as themselves") {
  world w;
  recorder r{w};
  const watcher_actor watcher = r.actor();
  CHECK(after_journey(w, watch_request{"ns", "a", true, watcher}).watcher == watcher);
  CHECK(after_journey(w, watch_request{"ns", "a", false, watcher, true}).every);
  CHECK(after_journey(w, unwatch_request{"ns", "a", watcher}).watcher == watcher);
  CHECK(after_journey(w, credit{watcher, 64}).watcher == watcher);
  CHECK(after_journey(w, credit{watcher, 64}).delivered == 64);
  CHECK(after_journey(w, forget_request{watcher}).watcher == watcher);
  const problem_listener listener = r.actor();
  CHECK(after_journey(w, listen_request{listener}).listener == listener);
  const auto cache = caf::actor_cast<cache_actor>(w.vm);
  CHECK(after_journey(w, pager_init{"ns", R"({"a":1})", cache}).cache == cache);
  scripted_pager pager;
  const auto p = w.keep(pager.factory()(w.actors()));
  CHECK(after_journey(w, find_pager_reply{p}).pager == p);
  CHECK_FALSE(after_journey(w, find_pager_reply{}).pager);
}

TEST_CASE("messages: numbers and texts come out as they were") {
  stage s;
  CHECK(after_journey(s, pageout_reply{~std::uint64_t{0}}).pages == ~std::uint64_t{0});
  const namespace_stats counts{1, 2, 3, 4, 5, 6, 7, ~std::uint64_t{0}};
  const auto stats = after_journey(s, stats_reply{{{"a", counts}, {"b", {}}}});
  REQUIRE(stats.namespaces.size() == 2);
  CHECK(stats.namespaces[0].counts == counts);
  const std::string text{"a\0\xc3\xa9\"", 5};
  CHECK(after_journey(s, pager_unwatch{text}).id == text);
  CHECK(after_journey(s, pager_read{text}).id == text);
  CHECK(after_journey(s, load_request{"ns", {text}}).ids == strings{text});
  CHECK(after_journey(s, read_request{"ns", text, true}).sync);
  CHECK(after_journey(s, find_pager_request{text}).ns == text);
  CHECK(after_journey(s, pager_log_reply{text}).json == text);
  CHECK(after_journey(s, pager_delete{text}).id == text);
  CHECK(after_journey(s, pager_invalidate{text}).id == text);
  CHECK(after_journey(s, pager_tick{text, 7}).about == text);
  CHECK(after_journey(s, pager_tick{text, 7}).call == 7);
  CHECK(after_journey(s, stall_request{7}).ms == 7);
  CHECK(after_journey(s, restart_tick{7}).ns == 7);
}

TEST_CASE("messages: those without fields come out") {
  stage s;
  after_journey(s, done{});
  after_journey(s, pager_barrier{});
  after_journey(s, pager_log_request{});
  after_journey(s, pageout_request{});
  after_journey(s, drain_request{});
  after_journey(s, stats_request{});
  after_journey(s, pageout_tick{});
  after_journey(s, retry_tick{});
  after_journey(s, wake_up{});
  after_journey(s, stall_tick{});
  after_journey(s, barrier_request{});
}

TEST_CASE("messages: a page from outside is validated") {
  stage s;
  const auto good = strange_page()->json();
  CHECK_FALSE(refused<page_reply>(s, written_down(s, good, false)));
  for (const auto* bad : {"{}", "[]", "x", R"({"_id":"","_type":"array","entries":[]})",
                          R"({"_id":"a","_type":"array","entries":[01]})",
                          "{\"_id\":\"a\xff\",\"_type\":\"array\",\"entries\":[]}"}) {
    const std::string text = bad;
    CHECK(refused<page_reply>(s, written_down(s, text, false)));
    CHECK(refused<pager_read_reply>(s, written_down(s, text)));
    CHECK(refused<cache_write>(
        s, written_down(s, std::vector<std::string>{good, text}, false)));
    CHECK(refused<read_res>(s, written_down(s, std::string{"ns"},
                                            std::vector<std::string>{text}, std::uint8_t{0},
                                            false)));
  }
}

TEST_CASE("messages: a page that must be there and is not is refused") {
  stage s;
  const std::string none;
  const std::string ns = "ns";
  const auto good = version("a", "1")->json();
  CHECK(refused<page_reply>(s, written_down(s, none, false)));
  CHECK(refused<written>(s, written_down(s, none)));
  CHECK(refused<write_request>(s, written_down(s, ns, none, false, none, false)));
  CHECK_FALSE(refused<write_request>(s, written_down(s, ns, good, false, none, false)));
  CHECK(refused<write_request>(s, written_down(s, ns, good, false, ns, false)));
  CHECK(refused<cache_request>(s, written_down(s, ns, strings{good, none}, false)));
  CHECK(refused<pager_write>(s, written_down(s, none, good)));
  CHECK(refused<cache_write>(s, written_down(s, strings{good, none}, false)));
  CHECK(refused<read_res>(s, written_down(s, ns, strings{none}, std::uint8_t{0}, false)));
  CHECK(refused<read_res>(s, written_down(s, ns, strings{}, std::uint8_t{0}, false)));
}

TEST_CASE("messages: codes, causes, kinds and edits out of range are refused") {
  stage s;
  const std::string text = "text";
  const strings pages{version("a", "1")->json()};
  CHECK_FALSE(refused<read_res>(s, written_down(s, text, pages, std::uint8_t{2}, false)));
  CHECK(refused<read_res>(s, written_down(s, text, pages, std::uint8_t{3}, false)));
  CHECK_FALSE(
      refused<problem>(s, written_down(s, std::uint8_t{errc_count - 1}, text, text)));
  CHECK(refused<problem>(s, written_down(s, errc_count, text, text)));
  CHECK(refused<problem>(s, written_down(s, std::uint8_t{255}, text, text)));
  CHECK_FALSE(refused<removed>(s, written_down(s, text, text, std::uint8_t{1})));
  CHECK(refused<removed>(s, written_down(s, text, text, std::uint8_t{2})));
  const std::string no_edits = "[]";
  const auto edit_of = [&](const std::string& edits, std::uint8_t create) {
    return written_down(s, text, text, edits, create, false, std::string{}, false);
  };
  CHECK_FALSE(refused<edit_request>(s, edit_of(no_edits, 2)));
  CHECK(refused<edit_request>(s, edit_of(no_edits, 3)));
  for (const auto* bad : {"", "{}", R"([{"burn":{"at":0}}])", R"([{"del":{"at":-1}}])"})
    CHECK(refused<edit_request>(s, edit_of(bad, 0)));
}

} // namespace flok::testing
