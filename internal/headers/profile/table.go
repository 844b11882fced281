// SPDX-License-Identifier: Apache-2.0

package profile

// tableText is a string and no embedded file, because Soong compiles this
// package too, and a bootstrap_go_package embeds nothing.
const tableText = `# What goes into an archive. One row a pattern:
#
#	+ required: a pattern that matches nothing is an error
#	? optional: taken when there
#	- left out, whatever another row says
#
# A pattern may be followed by
#
#	from 6.1, until 6.6          these versions, both inclusive. In others a +
#	                             is a ?, as stable kernels get backports
#	arch x86, arch !x86          this architecture, or any other
#	if CONFIG_X, if !CONFIG_X    this configuration
#	program X                    the host tool X
#	source X                     what X is compiled from, together with the other
#	                             rows of X; a + is one that it needs
#	when asked                   of a source: the default is the program
#
# $ARCH is the directory below arch/. A section [a: b] has the rows of [b] too.

# Upstream's content: kernel/gen_kheaders.sh, and from 6.17 kernel/Makefile.
[tracing]
+ include/**/*.h
+ include/generated/autoconf.h
+ arch/$ARCH/include/**/*.h
+ arch/$ARCH/include/generated/**/*.h
- include/generated/compile.h                 # who built, where, with what
- include/generated/utsversion.h              # build number and date
- include/config/**/*.h                       # empty time stamps, until 5.12

# What make -C DIR M=... modules opens besides.
[module: tracing]
+ Makefile
+ arch/$ARCH/Makefile
+ include/config/auto.conf
+ include/config/kernel.release
+ include/generated/rustc_cfg                 from 7.2     # looked for, not read
- include/generated/rustc_cfg                 until 6.12
+ scripts/Kbuild.include
+ scripts/Makefile.build
+ scripts/Makefile.compiler                   from 5.15
+ scripts/Makefile.{extrawarn,warn}
+ scripts/Makefile.lib
+ scripts/Makefile.modfinal
+ scripts/Makefile.modpost
+ scripts/module-common.c                     from 6.13
+ {scripts,arch/$ARCH}/module.lds             # Debian keeps it below arch/
+ scripts/modules-check.sh                    from 6.1
+ scripts/subarch.include
+ scripts/check-local-export                  from 6.1 until 6.1

# The licences, of which those stay that a member names.
? COPYING
? LICENSES/{preferred,dual,deprecated,exceptions}/*

# What the top Makefile includes as the configuration asks for it.
+ scripts/Makefile.clang                      from 6.1 if CONFIG_CC_IS_CLANG
+ scripts/Makefile.debug                      from 6.1 if CONFIG_DEBUG_INFO
+ scripts/Makefile.kasan                      if CONFIG_KASAN
+ scripts/Makefile.kcsan                      if CONFIG_KCSAN
+ scripts/Makefile.kmsan                      if CONFIG_KMSAN
+ scripts/Makefile.ubsan                      if CONFIG_UBSAN
+ scripts/Makefile.kcov                       if CONFIG_KCOV
+ scripts/Makefile.randstruct                 from 6.1 if CONFIG_RANDSTRUCT
+ scripts/Makefile.kstack_erase               if CONFIG_KSTACK_ERASE
+ scripts/Makefile.autofdo                    if CONFIG_AUTOFDO_CLANG
+ scripts/Makefile.propeller                  if CONFIG_PROPELLER_CLANG
+ scripts/Makefile.context-analysis           if CONFIG_WARN_CONTEXT_ANALYSIS
+ scripts/Makefile.gcc-plugins                if CONFIG_GCC_PLUGINS
? scripts/gcc-plugins/*.so                    if CONFIG_GCC_PLUGINS
? scripts/basic/randstruct.seed               if CONFIG_RANDSTRUCT           # where it is permitted
? scripts/gcc-plugins/randomize_layout_seed.h if CONFIG_GCC_PLUGIN_RANDSTRUCT

# A build directory: the other targets of make -C DIR M=..., and what dkms and
# drivers' Makefiles run. All is optional, as distributions' headers lack some;
# docs/archive.md has the targets. The packer adds .config.
? scripts/Makefile.clean                                # clean
? scripts/{Makefile.modinst,depmod.sh}                  # modules_install
? scripts/setlocalversion                               # kernelrelease
? scripts/Makefile.{host,userprogs}                     # hostprogs, userprogs
? scripts/nsdeps                                        # nsdeps
? scripts/coccinelle/misc/add_namespace.cocci
? scripts/checker-valid.sh                              # C=1
? scripts/clang-tools/{gen_compile_commands,run-clang-tools}.py
? scripts/kernel-doc                        until 6.18  # W=1
? scripts/kernel-doc.py                     from 6.16
? scripts/lib/kdoc/*.py                     from 6.16
? tools/docs/kernel-doc                     from 6.19 until 7.1 # 7.2 reads no comments of modules
? tools/lib/python/{__init__.py,kdoc/*.py}  from 6.19 until 7.1

# BTF of modules. The base is the running kernel's, /sys/kernel/btf/vmlinux.
+ scripts/Makefile.btf                        from 6.12 if CONFIG_DEBUG_INFO_BTF
? scripts/gen-btf.sh                          if CONFIG_DEBUG_INFO_BTF_MODULES
? scripts/pahole-flags.sh
? scripts/pahole-version.sh
? tools/bpf/resolve_btfids/resolve_btfids     if CONFIG_DEBUG_INFO_BTF_MODULES program resolve_btfids

# Host tools: they run on the machine that builds modules, which need not be like
# the one that built the kernel. scripts/Makefile.hosttools compiles the sources.
# Every C compiler does; those of sign-file and gendwarfksyms need libraries.
? scripts/basic/fixdep                        program fixdep
+ scripts/basic/fixdep.c                      source fixdep
? scripts/mod/modpost                         program modpost
+ scripts/mod/{modpost,file2alias,sumversion}.c source modpost
+ scripts/mod/{modpost,elfconfig,devicetable-offsets}.h source modpost
+ scripts/mod/symsearch.c                     from 6.9 source modpost
? scripts/mod/list.h                          until 6.10 source modpost
? scripts/include/*.h                         source modpost source fixdep source genksyms source gendwarfksyms
? scripts/genksyms/genksyms                   if CONFIG_MODVERSIONS if !CONFIG_GENDWARFKSYMS program genksyms
+ scripts/genksyms/{genksyms,keywords,parse.tab,lex.lex}.c if CONFIG_MODVERSIONS if !CONFIG_GENDWARFKSYMS source genksyms
+ scripts/genksyms/{genksyms,parse.tab}.h     if CONFIG_MODVERSIONS if !CONFIG_GENDWARFKSYMS source genksyms
? scripts/gendwarfksyms/gendwarfksyms         if CONFIG_GENDWARFKSYMS program gendwarfksyms
+ scripts/gendwarfksyms/{gendwarfksyms,cache,die,dwarf,kabi,symbols,types}.c if CONFIG_GENDWARFKSYMS source gendwarfksyms when asked
+ scripts/gendwarfksyms/gendwarfksyms.h       if CONFIG_GENDWARFKSYMS source gendwarfksyms when asked
? scripts/recordmcount                        if CONFIG_FTRACE_MCOUNT_USE_RECORDMCOUNT program recordmcount
+ scripts/recordmcount.{c,h}                  if CONFIG_FTRACE_MCOUNT_USE_RECORDMCOUNT source recordmcount
? scripts/recordmcount.pl                     if CONFIG_FTRACE_MCOUNT_USE_RECORDMCOUNT
? scripts/tracepoint-update                   if CONFIG_TRACEPOINT_VERIFY_USED program tracepoint-update
+ scripts/{tracepoint-update,elf-parse}.c     if CONFIG_TRACEPOINT_VERIFY_USED source tracepoint-update
+ scripts/elf-parse.h                         if CONFIG_TRACEPOINT_VERIFY_USED source tracepoint-update
+ tools/include/tools/{be,le}_byteshift.h     if CONFIG_TRACEPOINT_VERIFY_USED source tracepoint-update
? scripts/sign-file                           if CONFIG_MODULE_SIG_FORMAT program sign-file
+ scripts/sign-file.c                         if CONFIG_MODULE_SIG_FORMAT source sign-file
? scripts/ssl-common.h                        if CONFIG_MODULE_SIG_FORMAT source sign-file
? tools/objtool/objtool                       if CONFIG_OBJTOOL program objtool
? tools/objtool/objtool                       until 5.18 if CONFIG_STACK_VALIDATION program objtool

# Makefiles of the architectures. x86 and arm64 are exact; the rest is the shape
# that scripts/package/install-extmod-build gives every architecture.
+ arch/x86/Makefile_32.cpu                    arch x86 if !CONFIG_64BIT
+ scripts/Makefile.defconf                    from 6.12 arch arm64
? scripts/Makefile.defconf                    arch !x86
? arch/$ARCH/Makefile{_,.,-}*                 arch !x86 arch !arm64
? arch/mips/{Kbuild.platforms,*/Platform}     arch mips
? arch/powerpc/lib/crtsavres.o                arch powerpc
? arch/powerpc/tools/*.sh                     arch powerpc
? arch/s390/lib/expoline/expoline.o           arch s390

# Their headers outside arch/$ARCH/include, which their Makefiles name: variants
# and platforms of arc, arm and xtensa; csky calls the directory inc; um is built
# on the headers of the machine that it runs on, x86.
? arch/$ARCH/**/include/**/*.h                arch !x86 arch !arm64
? arch/csky/abiv*/inc/**/*.h                  arch csky
? arch/x86/{um,include}/**/*.h                arch um
? arch/x86/Makefile.um                        arch um

# The sanitised headers for programs, as make headers leaves them.
[uapi]
+ usr/include/**/*.h

# What no archive holds, even on request: the kernel itself, its addresses, and
# its secrets. An archive is readable by all users of the machine it runs on.
[never]
- **/vmlinux{,.o,.a,.unstripped,.debug}
- **/System.map*
- **/*.{pem,priv,key,p12}
- certs/signing_key*

# The seed of RANDSTRUCT, unless its user permits it.
[never-seed]
- **/randstruct.seed
- **/randomize_layout_seed.h
`
