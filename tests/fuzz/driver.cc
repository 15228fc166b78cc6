// Runs a fuzz target without libFuzzer, as a test: every file of its corpus, then a fixed number of
// mutations of them. The same program does the same on every machine and run, so that a failure
// comes again.
//
//   PROGRAM -runs=N [-dict=FILE] [-seed_inputs=FILE,FILE…] CORPUS_DIRECTORY
//
// with the meaning that libFuzzer gives the options. An input that fails is written to
// PROGRAM.failed in the working directory; added to the corpus, it is the regression test.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/base/yaml.h"
#include "tests/fuzz/fuzz.h"

// What libFuzzer gives a target that brings its own mutator, and what such a target brings.
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);
extern "C" __attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                                                size_t max_size, unsigned seed);
// The sanitizers' runtimes have it.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace hedui::testing {
namespace {

// Past it a reader does more of the same; targets that care for size limits have seeds for them.
constexpr size_t kInputBytesMax = 64 << 10;
constexpr uint64_t kSeed = 20250303;

// Not std::uniform_int_distribution, which every library draws in its own way.
class Mutator {
 public:
  std::vector<std::string> corpus;
  std::vector<std::string> words;

  size_t Below(size_t bound) { return bound == 0 ? 0 : random_() % bound; }

  std::string Next() {
    std::string input = corpus[Below(corpus.size())];
    input.resize(std::min(input.size(), kInputBytesMax));
    // Half of the time the target's own mutator, which knows the format; it calls back for bytes.
    if (LLVMFuzzerCustomMutator != nullptr && Below(2) == 0) {
      const size_t size = input.size();
      input.resize(kInputBytesMax);
      input.resize(LLVMFuzzerCustomMutator(reinterpret_cast<uint8_t*>(input.data()), size,
                                           kInputBytesMax, static_cast<unsigned>(random_())));
      return input;
    }
    Mutate(&input, kInputBytesMax);
    return input;
  }

  // One to four changes.
  void Mutate(std::string* input, size_t bytes_max) {
    for (size_t changes = 1 + Below(4); changes > 0; --changes) Change(input);
    if (input->size() > bytes_max) input->resize(bytes_max);
  }

 private:
  void Change(std::string* input) {
    static constexpr uint8_t kBytes[] = {0,    1,    0x0a, 0x20, 0x22, 0x2d,
                                         0x30, 0x39, 0x7f, 0x80, 0xff};
    const size_t at = Below(input->size() + 1);
    const size_t size = std::min(1 + Below(16), input->size() - at);
    switch (Below(8)) {
      case 0:
        if (size > 0) (*input)[at] = static_cast<char>((*input)[at] ^ (1 << Below(8)));
        break;
      case 1:
        if (size > 0) (*input)[at] = static_cast<char>(kBytes[Below(sizeof(kBytes))]);
        break;
      case 2:
        input->insert(at, 1, static_cast<char>(Below(256)));
        break;
      case 3:
        input->erase(at, size);
        break;
      case 4:
        input->insert(Below(input->size() + 1), input->substr(at, size));
        break;
      case 5:
        if (!words.empty()) input->insert(at, words[Below(words.size())]);
        break;
      case 6:
        if (!words.empty()) input->replace(at, size, words[Below(words.size())]);
        break;
      default: {  // a piece of another file
        const std::string& other = corpus[Below(corpus.size())];
        const size_t from = Below(other.size() + 1);
        input->replace(at, size, other, from, 1 + Below(64));
      }
    }
  }

  std::mt19937_64 random_{kSeed};
};

Mutator& TheMutator() {
  static Mutator* const mutator = new Mutator;
  return *mutator;
}

// What is being run, for a program that is dying.
std::string* const current = new std::string;
std::string* const failed_path = new std::string;

void KeepCurrent() {
  std::ofstream(*failed_path, std::ios::binary) << *current;
  std::fprintf(stderr, "the input that failed: %s\n", failed_path->c_str());
}

void OnAbort(int) {
  KeepCurrent();
  std::_Exit(1);
}

void Run(std::string input) {
  *current = std::move(input);
  // A copy of just its size, so that reading past the end is seen.
  const std::vector<uint8_t> bytes(current->begin(), current->end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

// In libFuzzer's format: name="word" with \xAB for bytes, '#' before comments.
std::vector<std::string> ReadWords(const std::string& path) {
  std::vector<std::string> words;
  const auto text = base::ReadFile(path);
  Require(text.ok(), text.status().ToString());
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    const size_t open = line.find('"');
    std::string word;
    if (line.empty() || line.front() == '#' || open == absl::string_view::npos) continue;
    Require(absl::ConsumeSuffix(&line, "\"") && absl::CUnescape(line.substr(open + 1), &word),
            absl::StrCat(path, " holds a line that is no word: ", line));
    words.push_back(word);
  }
  return words;
}

struct Options {
  int runs = -1;
  std::string dictionary;
  std::vector<std::string> inputs;  // files, the corpus's behind those named one by one
};

// False when the command line makes no sense.
bool ReadOptions(int argc, char** argv, Options* options) {
  std::vector<std::string> corpus;
  for (int i = 1; i < argc; ++i) {
    absl::string_view argument = argv[i];
    if (absl::ConsumePrefix(&argument, "-runs=")) {
      if (!absl::SimpleAtoi(argument, &options->runs)) return false;
    } else if (absl::ConsumePrefix(&argument, "-dict=")) {
      options->dictionary = std::string(argument);
    } else if (absl::ConsumePrefix(&argument, "-seed_inputs=")) {
      options->inputs = absl::StrSplit(argument, ',', absl::SkipEmpty());
    } else {
      for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
        corpus.push_back(entry.path().string());
      }
    }
  }
  std::sort(corpus.begin(), corpus.end());
  options->inputs.insert(options->inputs.end(), corpus.begin(), corpus.end());
  return options->runs >= 0 && !corpus.empty();
}

int Main(int argc, char** argv) {
  Options options;
  if (!ReadOptions(argc, argv, &options)) {
    std::fprintf(stderr, "usage: %s -runs=N [-dict=FILE] [-seed_inputs=FILE,…] CORPUS_DIRECTORY\n",
                 argv[0]);
    return 2;
  }
  *failed_path = std::filesystem::path(argv[0]).filename().string() + ".failed";
  std::signal(SIGABRT, OnAbort);
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(KeepCurrent);
  } else {
    // A sanitizer has a handler of its own, which says more.
    std::signal(SIGSEGV, OnAbort);
  }

  Mutator& mutator = TheMutator();
  for (const std::string& path : options.inputs) {
    const auto text = base::ReadFile(path);
    Require(text.ok(), text.status().ToString());
    mutator.corpus.push_back(*text);
    Run(*text);
  }
  Run("");
  if (!options.dictionary.empty()) mutator.words = ReadWords(options.dictionary);
  for (int i = 0; i < options.runs; ++i) Run(mutator.Next());
  std::printf("%zu inputs and %d mutations of them\n", options.inputs.size(), options.runs);
  return 0;
}

}  // namespace
}  // namespace hedui::testing

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  hedui::testing::TheMutator().Mutate(&bytes, max_size);
  std::copy(bytes.begin(), bytes.end(), data);
  return bytes.size();
}

int main(int argc, char** argv) { return hedui::testing::Main(argc, argv); }
