"""The command `smokedeploy`: one module a command."""
