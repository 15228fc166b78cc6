// The verbs of the command line `hedui`. Each adds its options to the parser and leaves a function
// that runs it; exit codes are part of the contract: 0 done (or valid), 1 not valid or refused, 2
// unreadable input or wrong use.
#ifndef HEDUI_CLIENTS_CLI_COMMANDS_H_
#define HEDUI_CLIENTS_CLI_COMMANDS_H_

#include <functional>

namespace CLI {
class App;
}

namespace hedui::clients {

inline constexpr int kExitDone = 0;
inline constexpr int kExitNotValid = 1;
inline constexpr int kExitUnreadable = 2;

// How every refusal of what the command line will have one day ends.
inline constexpr char kNotBuiltYet[] =
    "not built yet; the README says what is (\"What is not built yet\")";

// What the parsed command line wants done; empty until a verb was given.
using Action = std::function<int()>;

void AddVerify(CLI::App& app, Action* action);     // verify_command.cc
void AddAuthorize(CLI::App& app, Action* action);  // authorize_command.cc
void AddRead(CLI::App& app, Action* action);       // read_verbs.cc: verifications and matters
void AddReport(CLI::App& app, Action* action);     // report_command.cc
// correction_verbs.cc: what becomes of reports; after AddReport, whose group it adds to
void AddCorrections(CLI::App& app, Action* action);
// replay_verb.cc: adds to the group that AddReport made, and is called by it
void AddReplay(CLI::App* report, Action* action);
// archive_verbs.cc: policy sets as they were; after AddAssess, whose group it adds to
void AddArchive(CLI::App& app, Action* action);
void AddHealth(CLI::App& app, Action* action);  // health_verb.cc
void AddAssess(CLI::App& app, Action* action);  // assess_verbs.cc
// policy_verbs.cc: policies of a platform; after AddAssess, whose group `policy` it adds to
void AddPolicies(CLI::App& app, Action* action);
void AddSources(CLI::App& app, Action* action);  // source_verbs.cc
void AddLater(CLI::App& app, Action* action);    // later_verbs.cc: refused as not built yet

}  // namespace hedui::clients

#endif  // HEDUI_CLIENTS_CLI_COMMANDS_H_
