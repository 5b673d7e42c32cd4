// What a connection does, between two actor systems of one process.

#include <algorithm>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pagers/builtin.hpp"
#include "remote.hpp"
#include "runtime/limits.hpp"
#include "testing/pages.hpp"
#include "tests/actors/live.hpp"
#include "tests/remote/certificates.hpp"

namespace flok::testing {

namespace {

/// A system that is published, and a connection to it.
struct both_ends {
  explicit both_ends(const strings& namespaces = {"user"}) {
    auto options = options_for(namespaces);
    options.prepare = networking();
    sys = started(std::move(options));
    open.emplace(publish(*sys).value());
    far = connect(to(open->port())).value();
  }

  connect_options to(std::uint16_t port) {
    connect_options options;
    options.port = port;
    options.on_problem = [this](const error& e) {
      problems.put(std::string{to_string(e.code)});
    };
    return options;
  }

  inbox<std::string> problems;
  std::unique_ptr<system> sys;
  std::optional<publication> open;
  std::unique_ptr<connection> far;
};

/// Listens where nobody is at home: who connects is turned away.
class deaf_port {
public:
  explicit deaf_port(std::uint16_t port)
      : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_port = htons(port);
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int yes = 1;
    REQUIRE(::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0);
    REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&here), sizeof here) == 0);
    REQUIRE(::listen(fd_, 1) == 0);
  }

  deaf_port(const deaf_port&) = delete;
  deaf_port& operator=(const deaf_port&) = delete;
  ~deaf_port() { ::close(fd_); }

  /// Waits for the next one.
  void turn_away() const {
    const int guest = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    REQUIRE(guest >= 0);
    ::close(guest);
  }

private:
  int fd_;
};

errc refusal(const connect_options& options) {
  const auto far = connect(options);
  REQUIRE_FALSE(far.has_value());
  return far.error().code;
}

} // namespace

TEST_CASE("connection: reads, writes, conditions, deletions and lists") {
  both_ends ends{{"user", "other"}};
  auto& far = *ends.far;
  CHECK(far.namespaces() == strings{"other", "user"});
  CHECK(far.read("user", "a").error().code == errc::no_such_page);
  CHECK(far.read("nowhere", "a").error().code == errc::unknown_namespace);
  REQUIRE(far.write("user", version("a", "1"), {.if_hash = ""}).has_value());
  const auto conflict = far.write("user", version("a", "2"), {.if_hash = ""});
  REQUIRE_FALSE(conflict.has_value());
  CHECK(conflict.error().code == errc::conflict);
  CHECK(conflict.error().hash == ends.sys->peek("user", "a")->hash_text());
  CHECK(label(*far.read("user", "a").value()) == "a=1");
  CHECK(far.write("user", nullptr).error().code == errc::invalid_page);
  REQUIRE(far.write("other", version("b", "1")).has_value());
  CHECK(far.list("other").value() == strings{"b"});
  CHECK(far.erase("user", "a").has_value());
  CHECK(far.list("user").value().empty());
  std::vector<std::future<expected<page_ptr>>> writes;
  for (int n = 0; n < 500; ++n)
    writes.push_back(far.async_write("user", version("p" + std::to_string(n), "1")));
  for (auto& w : writes)
    CHECK(soon(std::move(w)).has_value());
  CHECK(far.list("user").value().size() == 500);
}

TEST_CASE("connection: an edit that is no JSON object is refused, and is not "
          "other edits") {
  both_ends ends;
  REQUIRE(ends.far->write("user", version("a", "1")).has_value());
  inbox<std::string> answers;
  const auto editor = ends.far->spawn({});
  for (const std::string entry :
       {"", "{", "[]", R"({}}},{"del":{"at":0}},{"insert":{"at":0,"entry":{})"})
    editor.post([&answers, entry](controller& c) {
      c.edit("user", "a", {insert_edit{position{0}, entry}}, std::nullopt,
             [&answers](const expected<page_ptr>& r) {
               answers.put(r ? "done" : std::string{to_string(r.error().code)});
             });
    });
  for (int i = 0; i < 4; ++i)
    CHECK(answers.next() == "invalid_page");
  CHECK(label(*ends.far->read("user", "a").value()) == "a=1");
}

TEST_CASE("connection: a controller of many namespaces is told of all that changes") {
  strings all;
  for (int i = 0; i < 12; ++i)
    all.push_back("ns" + std::to_string(i));
  both_ends ends{all};
  inbox<std::string> heard;
  const auto c = ends.far->spawn([&](controller& self) {
    for (const auto& ns : all)
      self.watch(ns, "a", [&](const update& u) { heard.put(label(*u.page)); });
  });
  ends.far->drain();
  for (int v = 1; v <= 80; ++v)
    for (const auto& ns : all)
      REQUIRE(ends.sys->write(ns, version("a", std::to_string(v))).has_value());
  std::size_t newest = 0;
  while (newest != all.size())
    newest += heard.next() == "a=80" ? 1 : 0;
}

TEST_CASE("connection: controllers watch, edit and hear as in a system") {
  both_ends ends;
  inbox<std::string> heard;
  inbox<std::string> answers;
  const auto c = ends.far->spawn([&](controller& self) {
    self.on_removed([&](const removed_page& r) { heard.put(std::string{r.id} + " gone"); });
    self.watch_sync("user", "a", telling(heard), answering(answers));
    self.edit("user", "a", parse_edits(R"([{"next":"b"}])").value(), page_kind::array,
              answering_page(answers));
  });
  CHECK(answers.next() == "no_such_page");
  CHECK(answers.next() == "a");
  CHECK(heard.next() == "a pager");
  REQUIRE(ends.sys->erase("user", "a").has_value());
  CHECK(heard.next() == "a gone");
  c.stop();
  CHECK(eventually([&] { return watchers(*ends.sys) == 0; }));
}

TEST_CASE("connection: drain waits for what controllers asked for, and for its "
          "events") {
  both_ends ends;
  inbox<std::string> heard;
  ends.far->spawn([&](controller& self) {
    self.watch("user", "a", telling(heard));
    self.write("user", version("a", "1"));
  });
  ends.far->drain();
  CHECK(heard.take() == strings{"a=1 pager"});
}

TEST_CASE("connection: every version arrives, also of many, beside a slow watcher") {
  both_ends ends;
  inbox<std::string> heard;
  ends.far->spawn([&](controller& self) {
    self.watch("user", "a", telling(heard), {}, {.changes = true, .every = true});
  });
  ends.far->drain();
  constexpr int versions = 2000;
  for (int n = 0; n < versions; ++n)
    ends.sys->async_write("user", version("a", std::to_string(n)));
  for (int n = 0; n < versions; ++n)
    REQUIRE(heard.next() == "a=" + std::to_string(n) + " pager");
}

TEST_CASE("connection: what is no longer published is lost, and forgotten") {
  both_ends ends;
  inbox<std::string> heard;
  const auto watch = ends.far->watch("user", "a", telling(heard));
  REQUIRE(watch.has_value());
  CHECK(eventually([&] { return watchers(*ends.sys) == 1; }));
  const auto port = ends.open->port();
  ends.open->close();
  ends.open->close();
  CHECK(ends.problems.next() == "connection_lost");
  CHECK(eventually([&] { return watchers(*ends.sys) == 0; }));
  CHECK(ends.far->read("user", "a").error().code == errc::connection_lost);
  REQUIRE(ends.sys->write("user", version("a", "1")).has_value());
  ends.open.emplace(publish(*ends.sys, {"127.0.0.1", port}).value());
  for (std::string last; last != "a=1 cache";) // or by a load, which is told likewise
    last = heard.next();
  CHECK(ends.far->connected());
}

TEST_CASE("connection: why it cannot be made again is told, each reason once") {
  both_ends ends;
  ends.far->close();
  inbox<std::string> told;
  auto options = ends.to(ends.open->port());
  options.on_problem = [&](const error& e) { told.put(e.message); };
  const auto far = connect(options).value();
  ends.open->close();
  strings all{told.next()};
  CHECK(all.front().find("is lost") != std::string::npos);
  while (all.back().find("nobody listens there") == std::string::npos)
    all.push_back(told.next()); // the port may not be closed yet when it is tried at once
  const deaf_port deaf{options.port};
  for (int attempts = 0; attempts < 4; ++attempts)
    deaf.turn_away();
  for (auto& more : told.take())
    all.push_back(std::move(more));
  std::sort(all.begin(), all.end());
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
}

TEST_CASE("connection: a watch that cannot be begun again is told of") {
  const temp_dir folder;
  auto options = options_for();
  options.config.debug = true;
  options.data = folder / "data";
  options.prepare = networking();
  const auto sys = started(std::move(options));
  auto open = publish(*sys);
  REQUIRE(open.has_value());
  connect_options client;
  client.port = open->port();
  inbox<std::string> problems;
  inbox<std::string> errors;
  const auto to = [](inbox<std::string>& in) {
    return [&in](const error& e) { in.put(std::string{to_string(e.code)}); };
  };
  client.on_problem = to(problems);
  const auto far = connect(client).value();
  far->spawn([&](controller& self) {
    self.on_error(to(errors));
    self.watch("user", "a", [](const update&) {});
  });
  far->drain();
  REQUIRE(sys->inject(store_fault::read_fails));
  open->close();
  open = publish(*sys, {"127.0.0.1", client.port});
  CHECK(errors.next() == "connection_lost");
  CHECK(errors.next() == "storage_failure");
  for (std::string last; last != "storage_failure";)
    last = problems.next();
}

TEST_CASE("connection: a system that is closed is lost, too") {
  both_ends ends;
  REQUIRE(ends.sys->close().has_value());
  CHECK(ends.problems.next() == "connection_lost");
  CHECK(publish(*ends.sys).error().code == errc::shutting_down);
  ends.far->close();
}

TEST_CASE("connection: what cannot be is refused, and says why") {
  temp_dir folder;
  const auto plain = started();
  CHECK(publish(*plain).error().code == errc::unsupported);
  both_ends ends;
  const auto taken = publish(*ends.sys, {"127.0.0.1", ends.open->port()});
  REQUIRE_FALSE(taken.has_value());
  CHECK(taken.error().code == errc::bad_config);
  CHECK(taken.error().message.find("something listens there already") != std::string::npos);
  CHECK(refusal(ends.to(0)) == errc::bad_config);
  const auto port = ends.open->port();
  ends.far->close();
  ends.open->close();
  CHECK(refusal(ends.to(port)) == errc::connection_lost);
  const deaf_port deaf{port}; // which takes connections, and says nothing
  auto silent = ends.to(port);
  silent.patience = std::chrono::milliseconds{200};
  CHECK(refusal(silent) == errc::connection_lost);
}

TEST_CASE("tls: files that cannot be used are refused before anything starts") {
  const temp_dir folder;
  const authority ca{folder, "ca"};
  const auto good = ca.vouch_for("good");
  const auto other = ca.vouch_for("other");
  const auto refused = [&](const tls_options& tls, const std::string& file) {
    auto options = options_for();
    options.prepare = networking(tls);
    const auto sys = system::start(std::move(options), *builtin_pagers());
    REQUIRE_FALSE(sys.has_value());
    CHECK(sys.error().code == errc::bad_config);
    INFO(sys.error().message);
    CHECK(sys.error().message.find(file) != std::string::npos);
    CHECK((file.ends_with("none") ==
           (sys.error().message.find("No such file") != std::string::npos)));
    connect_options client;
    client.port = 1; // it is not tried
    client.tls = tls;
    CHECK(refusal(client) == errc::bad_config);
  };
  const auto none = folder / "none";
  refused({none, good.key, good.authorities}, none);
  refused({good.certificate, none, good.authorities}, none);
  refused({good.certificate, good.key, none}, none);
  refused({good.certificate, other.key, good.authorities}, other.key);
  refused({good.key, good.key, good.authorities}, good.key);
}

TEST_CASE("tls: only those whom the authorities have signed get in") {
  const temp_dir folder;
  const authority ours{folder, "ours"};
  const authority theirs{folder, "theirs"};
  auto options = options_for();
  options.prepare = networking(ours.vouch_for("server"));
  const auto sys = started(std::move(options));
  const auto open = publish(*sys);
  REQUIRE(open.has_value());
  connect_options client;
  client.port = open->port();
  client.tls = ours.vouch_for("client");
  CHECK(connect(client).has_value());
  client.tls = theirs.vouch_for("client");
  const auto refused = connect(client);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == errc::connection_lost);
  CHECK(refused.error().message.find("certificate") != std::string::npos);
  client.tls->authorities = folder / "ours.crt"; // trusts the server, is not trusted
  CHECK(refusal(client) == errc::connection_lost);
  client.tls.reset();
  client.patience = std::chrono::milliseconds{2000};
  CHECK(refusal(client) == errc::connection_lost);
  client.tls = ours.vouch_for("again");
  CHECK(connect(client).has_value());
}

} // namespace flok::testing
