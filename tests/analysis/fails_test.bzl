"Test fails_test: an analysis that must fail, and what it must say."

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")

def _fails_test_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.expect_failure(env, ctx.attr.message)
    return analysistest.end(env)

fails_test = analysistest.make(
    _fails_test_impl,
    attrs = {"message": attr.string(doc = "What the failure must hold.")},
    expect_failure = True,
)
