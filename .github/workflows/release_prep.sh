#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# release_prep.sh TAG: makes the release's archives in this directory, and prints its notes.
set -euo pipefail

[ $# = 1 ] || { echo "usage: release_prep.sh TAG" >&2; exit 2; }
tag=$1
version=${tag#v}
grep -q "version = \"$version\"" MODULE.bazel || { echo "release $tag: MODULE.bazel has another version; expected $version" >&2; exit 1; }

# The source, as the registry's module: a top directory, and the same bytes for the same commit.
git archive --format=tar --prefix="rules_kheaders-$version/" "$tag" | gzip -n >"rules_kheaders-$tag.tar.gz"

# The rules with static programs, for workspaces without rules_go.
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
tools/bazel run //tools:release -- "$directory/rules_kheaders" >&2
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$directory" -cf - rules_kheaders |
  gzip -n >"rules_kheaders-prebuilt-$tag.tar.gz"

# The programs alone, for the module extension `tools`, and its lock file.
tools/bazel run //tools/release:assets -- "$directory/assets" >&2
cp "$directory"/assets/* .

sha256=$(sha256sum "rules_kheaders-$tag.tar.gz" | cut -d ' ' -f 1)
cat <<NOTES
## Bazel 7.6 or later

\`\`\`starlark
bazel_dep(name = "rules_kheaders", version = "$version")
\`\`\`

Until the central registry has it:

\`\`\`starlark
archive_override(
    module_name = "rules_kheaders",
    sha256 = "$sha256",
    strip_prefix = "rules_kheaders-$version",
    urls = ["https://github.com/rules-kheaders/rules_kheaders/releases/download/$tag/rules_kheaders-$tag.tar.gz"],
)
\`\`\`

Without rules_go: check in \`tools.lock.json\`, and

\`\`\`starlark
tools = use_extension("@rules_kheaders//rules:extensions.bzl", "tools")
tools.release(lock = "//:tools.lock.json")
use_repo(tools, "kheaders_tools")
register_toolchains("@kheaders_tools//:all")
\`\`\`

Kleaf and workspaces without rules_go: unpack \`rules_kheaders-prebuilt-$tag.tar.gz\`; see docs/kleaf.md.
NOTES
