#include "pagers/net_sim.hpp"

#include <charconv>
#include <chrono>
#include <map>
#include <set>

#include "runtime/limits.hpp"

namespace flok {

namespace {

struct net_sim_options {
  std::chrono::milliseconds delay{};
  std::map<std::string, page_ptr, std::less<>> pages;
};

tl::unexpected<error> bad(std::string why) {
  return failure(errc::bad_config, std::move(why));
}

expected<std::chrono::milliseconds> read_delay(std::string_view text) {
  std::uint64_t ms = 0;
  const auto done = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (done.ec != std::errc{} || done.ptr != text.data() + text.size() ||
      ms > limits::interval_ms_max)
    return bad("delay_ms: a whole number from 0 to " +
               std::to_string(limits::interval_ms_max) + " was expected");
  return std::chrono::milliseconds{ms};
}

expected<void> read_pages(net_sim_options& o, std::string_view text) {
  const auto parts = json::kind_of(text) == json::kind::array
                         ? json::elements(text)
                         : bad("an array was expected");
  if (!parts)
    return bad("pages: " + parts.error().message);
  for (std::size_t i = 0; i < parts->size(); ++i) {
    auto page = decode_page((*parts)[i], checked::grammar);
    const std::string where = "pages/" + std::to_string(i) + ": ";
    if (!page)
      return bad(where + page.error().message);
    if (!o.pages.emplace((*page)->id(), *page).second)
      return bad(where + "a second page " + std::string{(*page)->id()});
  }
  return {};
}

expected<net_sim_options> read_net_sim_options(std::string_view text) {
  net_sim_options o;
  const auto members = json::members(text);
  if (!members)
    return bad(members.error().message);
  for (const auto& m : *members) {
    if (m.key == "delay_ms") {
      auto delay = read_delay(m.value);
      if (!delay)
        return failure(delay.error());
      o.delay = *delay;
    } else if (m.key == "pages") {
      if (auto ok = read_pages(o, m.value); !ok)
        return failure(ok.error());
    } else {
      return bad(m.key + ": unknown; known are delay_ms, pages");
    }
  }
  return o;
}

using net_sim_actor = pager_actor::extend<handles<pager_tick>>;

class net_sim_state {
public:
  static inline const char* name = "flok.net_sim"; // CAF's name for the actor
  using pointer = net_sim_actor::stateful_pointer<net_sim_state>;

  explicit net_sim_state(pointer self) : self_{self} {}

  net_sim_actor::behavior_type behavior();

private:
  void start(const pager_init& m) {
    cache_ = m.cache;
    if (auto o = read_net_sim_options(m.options)) // checked with the configuration
      options_ = std::move(*o);
  }

  /// Brings the page to those who watch it, after the delay.
  void bring(const std::string& id) {
    if (watched_.contains(id) && options_.pages.contains(id))
      send_later(self_, options_.delay, self_, pager_tick{id, 0});
  }

  caf::typed_response_promise<pager_read_reply> read(const std::string& id) {
    auto promise = self_->make_response_promise<pager_read_reply>();
    reads_.emplace(++last_read_, promise);
    send_later(self_, options_.delay, self_, pager_tick{id, last_read_});
    return promise;
  }

  void arrived(const pager_tick& m) {
    const auto page = options_.pages.find(m.about);
    const bool known = page != options_.pages.end();
    if (m.call == 0) {
      if (known && watched_.contains(m.about))
        send(self_, cache_, cache_write{{page->second}, false});
      return;
    }
    const auto read = reads_.find(m.call);
    read->second.deliver(pager_read_reply{known ? page->second : nullptr});
    reads_.erase(read);
  }

  static caf::error refused() {
    return to_caf({errc::unsupported, "these pages can only be read"});
  }

  pointer self_;
  cache_actor cache_;
  net_sim_options options_;
  std::set<std::string, std::less<>> watched_;
  std::map<std::uint64_t, caf::typed_response_promise<pager_read_reply>> reads_;
  std::uint64_t last_read_ = 0;
};

net_sim_actor::behavior_type net_sim_state::behavior() {
  return {
      [this](const pager_init& m) { start(m); },
      [this](const pager_watch& m) {
        watched_.insert(m.id);
        bring(m.id);
      },
      [this](const pager_unwatch& m) { watched_.erase(m.id); },
      [this](const pager_read& m) { return read(m.id); },
      [](const pager_write&) -> caf::result<done> { return refused(); },
      [](const pager_delete&) -> caf::result<done> { return refused(); },
      [this](const pager_invalidate& m) {
        bring(m.id);
        return done{};
      },
      [](const pager_barrier&) { return done{}; },
      [this](const pager_tick& m) { arrived(m); },
  };
}

} // namespace

pager_actor spawn_net_sim_pager(caf::actor_system& sys) {
  return spawn_function(
      sys, [](net_sim_state::pointer self) { return state_of(self).behavior(); });
}

expected<void> check_net_sim_options(std::string_view options) {
  return read_net_sim_options(options).map([](const net_sim_options&) {});
}

} // namespace flok
