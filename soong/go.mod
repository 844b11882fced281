// A module of its own, so that the tools' module has nothing of Soong. Its packages need the standard library only, but for
// the plugin: Soong is no module that could be required, and is found in a GOPATH, by the tests or by Soong's own build.
module github.com/rules-kheaders/rules_kheaders/soong

go 1.24.0
