// Pages from outside: accepted exactly where the rules say so, kept byte for byte, and read
// back as the same.
#include "runtime/codec.hpp"
#include "runtime/codec_json.hpp"
#include "tests/fuzz/oracles.hpp"

using namespace flok;
using namespace flok::fuzz;

namespace {

void check_refusal(const error& why) {
  require(why.code == errc::invalid_page || why.code == errc::id_too_long,
          "a text that is no page is refused as such");
  require(!why.message.empty() && json::is_utf8(why.message), "a refusal can be printed");
}

/// What nobody edited leaves as it came in.
void check_kept(const page& p, std::string_view text, const tree& read) {
  const auto line = one_line(text);
  const auto& entries = *read.all("entries").at(0);
  for (std::size_t i = 0; i < p.size(); ++i)
    if (!entries.elements[i].all("_sig").empty())
      require(line.find(p.entry(i).text) != std::string::npos,
              "a signed entry keeps its bytes");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = text_of(data, size);
  const auto opinion = testing::parse(text);
  const auto page = decode_page(text);
  if (!opinion.out_of_range)
    require(page.has_value() == (opinion.value && is_page(*opinion.value)),
            "a text is a page exactly where the rules say so");
  if (!page)
    check_refusal(page.error());
  else
    check_page(**page);
  if (!opinion.value)
    return 0;
  if (page) {
    check_page_against(**page, *opinion.value);
    check_kept(**page, text, *opinion.value);
  }
  const auto slice = decode_page(text, checked::grammar);
  require(slice.has_value() == page.has_value(),
          "a second look at the grammar adds nothing");
  if (page)
    require((*slice)->json() == (*page)->json(), "a slice gives the same page");
  else
    check_refusal(slice.error());
  return 0;
}
