"""The phases of a request; `gateway_runtime.pipelines` puts them in order."""
