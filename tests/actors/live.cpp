#include "tests/actors/live.hpp"

#include "actors/controller_actor.hpp"
#include "pagers/registry.hpp"

namespace flok::testing {

system_options options_for(const strings& namespaces, const std::string& pager) {
  system_options options;
  for (const auto& ns : namespaces)
    options.config.pagers.push_back({pager, ns, "{}"});
  options.config.debug = true;
  return options;
}

std::unique_ptr<system> started(system_options options) {
  auto sys = system::start(std::move(options), *builtin_pagers());
  INFO((sys ? std::string{} : sys.error().message));
  REQUIRE(sys.has_value());
  return std::move(*sys);
}

std::unique_ptr<system> started(std::optional<std::string> data) {
  auto options = options_for();
  options.data = std::move(data);
  return started(std::move(options));
}

bool settled(const controller_ref& c) {
  auto ran = std::make_shared<std::promise<void>>();
  auto done = ran->get_future();
  c.post([ran = std::move(ran)](controller&) { ran->set_value(); });
  REQUIRE(done.wait_for(patience) == std::future_status::ready);
  try {
    done.get();
    return true;
  } catch (const std::future_error&) { // dropped, not run
    return false;
  }
}

std::string in_words(const update& u) {
  return label(*u.page) + ' ' + std::string{to_string(u.why)} + (u.pending ? " ?" : "");
}

update_handler telling(inbox<std::string>& to) {
  return [&to](const update& u) { to.put(in_words(u)); };
}

answer_handler<void> answering(inbox<std::string>& to) {
  return [&to](const expected<void>& answer) {
    to.put(answer ? "done" : std::string{to_string(answer.error().code)});
  };
}

answer_handler<page_ptr> answering_page(inbox<std::string>& to) {
  return [&to](const expected<page_ptr>& answer) {
    to.put(answer ? label(**answer) : std::string{to_string(answer.error().code)});
  };
}

std::uint64_t watchers(system& sys) {
  std::uint64_t pairs = 0;
  for (const auto& n : sys.stats())
    pairs += n.counts.watchers;
  return pairs;
}

} // namespace flok::testing
