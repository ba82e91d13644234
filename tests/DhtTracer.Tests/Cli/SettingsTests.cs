using DhtTracer.Cli;
using DhtTracer.Hosting;
using DhtTracer.Output;
using Microsoft.Extensions.Configuration;

namespace DhtTracer.Tests.Cli;

/// <summary>Options that stand in <c>appsettings.json</c> or in variables: the command line wins, then variables, then the file.</summary>
public sealed class SettingsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dht-tracer-settings-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("", "--site-port 5090 --host-name a.example --host-name b.example")]
    [InlineData("--site-port 1", "--site-port 1 --host-name a.example --host-name b.example")]
    [InlineData("--host-name c.example", "--host-name c.example --site-port 5090")]
    [InlineData("demo --nodes 3", "demo --nodes 3 --site-port 5090 --host-name a.example --host-name b.example")]
    [InlineData("queries", "queries")]
    [InlineData("health --", "health --")]
    public void What_the_file_says_is_added_where_the_command_line_says_nothing(string typed, string completed)
    {
        File.WriteAllText(
            Path.Combine(_folder, "appsettings.json"),
            """{"DhtTracer": {"SitePort": 5090, "HostName": ["a.example", "b.example"], "Limit": 3}, "Logging": {}}"""
        );
        Assert.Equal(completed, Complete(typed, Settings.Load(_folder)));
    }

    [Fact]
    public void A_variable_wins_over_the_file_and_separates_values_by_spaces()
    {
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection([
                KeyValuePair.Create("DhtTracer:SitePort", (string?)"off"),
                KeyValuePair.Create("DhtTracer:HostName:0", (string?)"file.example"),
                KeyValuePair.Create("DhtTracer:HostName", (string?)"c.example d.example"),
            ])
            .Build();
        Assert.Equal("--site-port off --host-name c.example --host-name d.example", Complete("", settings));
    }

    [Fact]
    public void Without_a_file_nothing_is_added() => Assert.Equal("--samples", Complete("--samples", Settings.Load(_folder)));

    [Fact]
    public void A_file_that_is_no_json_is_a_usage_error_that_names_it()
    {
        File.WriteAllText(Path.Combine(_folder, "appsettings.json"), "{\"DhtTracer\": ");
        var failure = Assert.Throws<CommandFailedException>(() => Settings.Load(_folder));
        Assert.Equal(ExitCode.Usage, failure.ExitCode);
        Assert.Contains(Path.Combine(_folder, "appsettings.json"), failure.Message, StringComparison.Ordinal);
    }

    private static string Complete(string typed, IConfiguration settings)
    {
        var arguments = typed.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return string.Join(' ', SettingsArguments.Complete(arguments, TracerCommandLine.Create().Parse(arguments), settings));
    }
}
