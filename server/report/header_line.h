// Line 0. Internal to report; pure.
#ifndef HEDUI_SERVER_REPORT_HEADER_LINE_H_
#define HEDUI_SERVER_REPORT_HEADER_LINE_H_

#include "hedui/report/v1/report.pb.h"
#include "server/report/report_input.h"

namespace hedui::report {

inline constexpr uint32_t kFormat = 1;

// The part of a header that the frame gives: what a case bundle keeps. Days and hash included.
v1::Header FrameHeader(const ReportFrame& frame, const base::Household& household,
                       const base::CaseDates& dates);

// The whole header but for the number of lines.
v1::Header FullHeader(const ReportInput& input);

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_HEADER_LINE_H_
