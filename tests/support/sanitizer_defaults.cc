// What ThreadSanitizer is told about the distribution's libraries, which are built without it:
// their own locks and atomics are invisible, so what they do among themselves looks like races.
// Names libraries only, never our symbols. A source of each test program, since nothing refers to
// it that would pull it out of an archive; also of each program in a sanitizer build, which tests
// start.
extern "C" const char* __tsan_default_suppressions();

extern "C" const char* __tsan_default_suppressions() {
  // called_from_lib also spares the reports themselves: writing thousands of them, only to suppress
  // each, takes minutes.
  return "called_from_lib:libgrpc.so\n"
         "called_from_lib:libgrpc++.so\n"
         "called_from_lib:libgpr.so\n"
         "called_from_lib:libcrypto.so\n"
         "called_from_lib:libssl.so\n"
         "called_from_lib:libupb.so\n"
         "called_from_lib:libprotobuf.so\n"
         "called_from_lib:libz.so\n"  // of gRPC
         "race:libgrpc.so\n"
         "race:libgrpc++.so\n"
         "race:libgpr.so\n"
         "race:libabsl_\n"
         "race:libprotobuf.so\n"
         "race:libcares.so\n"
         "race:libcrypto.so\n"
         "race:libssl.so\n"
         "race:libupb.so\n"
         "race:Status::Unref\n"  // absl's, in its headers: the count itself is in the library
         "race:grpc::internal::CallOp\n"  // in its headers, so in our programs
         "mutex:libgrpc.so\n"
         "mutex:google::protobuf::\n"  // in its headers, so in our programs
         "deadlock:libgrpc.so\n";
}

// The same for LeakSanitizer: c-ares keeps its list of name servers until the process ends.
extern "C" const char* __lsan_default_suppressions();

extern "C" const char* __lsan_default_suppressions() { return "leak:libcares.so\n"; }

extern "C" const char* __lsan_default_options();

extern "C" const char* __lsan_default_options() { return "print_suppressions=0"; }
