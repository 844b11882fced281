"Module extension `tests`: what only the tests need."

load(":repositories.bzl", "tests_repositories")

tests = module_extension(
    doc = "What only the tests need.",
    implementation = lambda _mctx: tests_repositories(),
)
