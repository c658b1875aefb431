"""What the tests of customer-profile share: people, the service on fakes, the service on real servers."""
