// Edits: read and written as what they say, and applied to a page, chosen by the first
// byte, all or none, with what a model makes of them.
#include <vector>

#include "runtime/codec.hpp"
#include "runtime/codec_json.hpp"
#include "runtime/edits.hpp"
#include "tests/fuzz/edits_model.hpp"
#include "tests/fuzz/oracles.hpp"

using namespace flok;
using namespace flok::fuzz;

namespace {

/// Ids "made-1", "made-2" and so on, which an input can guess.
id_source counted_ids() {
  return [n = 0]() mutable { return "made-" + std::to_string(++n); };
}

void check_written(const std::vector<edit>& edits, std::string_view text) {
  const auto written = to_json(edits);
  const auto again = parse_edits(written);
  require(again && to_json(*again) == written, "edits that were written are read back");
  if (!testing::parse(text).out_of_range)
    require(value_of(written) == value_of(text), "edits are written as what was read");
}

/// An edit that failed is the first that does, and those before it can be done.
void check_refusal(const page_ptr& base, const std::vector<edit>& edits, const error& why) {
  require(json::is_utf8(why.message), "a refusal can be printed");
  require(why.message.starts_with("edits/"), "a refusal says which edit");
  const auto at = std::stoul(why.message.substr(6));
  const std::span all{edits};
  require(apply_edits(copy_page(base, counted_ids()), all.first(at)).has_value(),
          "edits before the one that failed can be done");
  const auto same = apply_edits(copy_page(base, counted_ids()), all.first(at + 1));
  require(!same && same.error() == why, "the edit that failed does so again");
}

void check_result(const page& from, const page& to) {
  check_page(to);
  require(to.id() == from.id() && to.kind() == from.kind(), "an edit keeps id and type");
  for (std::size_t i = 0; i < to.size(); ++i) {
    const auto e = to.entry(i);
    const auto before = from.find(e.name);
    const bool kept = before && from.entry(*before).text == e.text;
    require(kept || json::signature(e.text).value() == e.signature,
            "an edit makes its entries' signatures anew");
  }
}

page_ptr check_applied(const page_ptr& base, const std::vector<edit>& edits,
                       bool modelled) {
  const auto before = base->json();
  const auto result = apply_edits(copy_page(base, counted_ids()), edits);
  require(base->json() == before, "a page never changes");
  if (modelled) {
    edits_model model{*base, counted_ids()};
    require(model.apply(edits) == result.has_value(), "edits fail where the model's do");
    require(!result || model == **result, "edits make what the model makes");
  }
  if (!result) {
    check_refusal(base, edits, result.error());
    return nullptr;
  }
  check_result(*base, **result);
  return *result;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const auto text = text_of(data + 1, size - 1);
  const auto edits = parse_edits(text);
  if (!edits) {
    require(edits.error().code == errc::bad_request ||
                edits.error().code == errc::bad_index,
            "what is no edit is refused as such");
    require(json::is_utf8(edits.error().message), "a refusal can be printed");
    return 0;
  }
  check_written(*edits, text);
  constexpr std::size_t levels_left = 8; // the model knows no limit
  const auto opinion = testing::parse(text);
  const bool modelled =
      opinion.value && depth_of(*opinion.value) < limits::depth - levels_left;
  constexpr int rounds = 3; // what is kept alive adds up
  auto page = base_page(data[0]);
  for (int i = 0; i < rounds && page; ++i)
    page = check_applied(page, *edits, modelled);
  return 0;
}
