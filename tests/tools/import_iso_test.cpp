// `flok import` of real data: Debian's iso-codes.
#include <fstream>
#include <sstream>

#include "tests/catch.hpp"
#include "tests/tools/import_home.hpp"

using namespace flok::testing;

namespace {

struct iso_list {
  const char* standard; ///< also the member that holds the array
  const char* id_field;
  std::size_t entries;
};

/// The file of a standard; empty, with a message, where the package is not installed.
std::filesystem::path file_of(const iso_list& list) {
  const auto file = std::filesystem::path{"/usr/share/iso-codes/json"} /
                    ("iso_" + std::string{list.standard} + ".json");
  if (std::filesystem::exists(file))
    return file;
  WARN("not tested: " << file << " is not there; apt-get install iso-codes");
  return {};
}

/// The array's elements byte for byte, but for line ends, which become spaces.
strings elements_in(const std::filesystem::path& file, const char* member) {
  std::ostringstream text;
  text << std::ifstream{file, std::ios::binary}.rdbuf();
  strings elements = raw_elements(raw_member(text.str(), member));
  for (std::string& e : elements)
    for (char& c : e)
      c = c == '\n' || c == '\r' ? ' ' : c;
  return elements;
}

/// Imports a standard, and compares each entry with the file's.
void check_import(const iso_list& list) {
  const auto file = file_of(list);
  if (file.empty())
    return;
  const import_home w;
  const strings options{"--pointer", std::string{"/"} + list.standard, "--id-field",
                        list.id_field};
  const std::size_t pages = 1 + (list.entries + 63) / 64;
  CHECK(went_well(w.import_file(file, options), list.entries, pages, pages));
  const std::string database = w.database();
  CHECK(went_well(w.import_file(file, options), list.entries, pages, 0));
  CHECK(w.database() == database);

  const strings expected = elements_in(file, list.standard);
  const strings entries = w.entries();
  REQUIRE(entries.size() == list.entries);
  REQUIRE(expected.size() == list.entries);
  std::size_t differing = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string id = raw_member(expected[i], list.id_field);
    const std::string wanted = R"({"_id":)" + id + "," + expected[i].substr(1);
    differing += unsigned_text(entries[i]) == wanted ? 0 : 1;
  }
  CHECK(differing == 0);
}

} // namespace

TEST_CASE("import iso-codes: 249 countries", "[import][iso]") {
  check_import({"3166-1", "alpha_3", 249});
}

TEST_CASE("import iso-codes: 5127 subdivisions", "[import][iso]") {
  check_import({"3166-2", "code", 5127});
}

TEST_CASE("import iso-codes: 7910 languages", "[import][iso]") {
  check_import({"639-3", "alpha_3", 7910});
}

TEST_CASE("import iso-codes: all three side by side", "[import][iso]") {
  const import_home w;
  for (const iso_list& list : {iso_list{"3166-1", "alpha_3", 249},
                               {"3166-2", "code", 5127},
                               {"639-3", "alpha_3", 7910}}) {
    const auto file = file_of(list);
    if (file.empty())
      return;
    const strings options{"--pointer", std::string{"/"} + list.standard};
    CHECK(w.import_file(file, options, list.standard).status == 0);
  }
  CHECK(w.entries("3166-1").size() == 249);
  CHECK(w.entries("3166-2").size() == 5127);
  CHECK(w.entries("639-3").size() == 7910);
}
