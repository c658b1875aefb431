"""What every service needs to be a good process: settings, logs, health, telemetry, authentication."""
