using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace DhtTracer.Jaeger.Tests.QueryApi;

/// <summary><c>docker-compose.jaeger.yml</c> is YAML, pins its images, and opens nothing to other machines.</summary>
public class ComposeFileTests
{
    [Fact]
    public async Task Images_are_pinned_and_every_port_is_loopback_only()
    {
        var compose = JsonNode.Parse(
            await NodeProgram.RunAsync("yaml.js", Path.Combine(TestFiles.Repository, "docker-compose.jaeger.yml"))
        )!;
        var services = compose["services"]!.AsObject();

        Assert.Matches(new Regex("^jaegertracing/jaeger:2\\.\\d+\\.\\d+$"), services["jaeger"]!["image"]!.GetValue<string>());
        foreach (var (name, service) in services)
        {
            foreach (var port in service!["ports"]!.AsArray())
            {
                Assert.Matches(new Regex("^127\\.0\\.0\\.1:(\\d+):\\1$"), port!.GetValue<string>());
            }

            Assert.Matches(new Regex(":\\d+\\.\\d+\\.\\d+$"), service["image"]!.GetValue<string>());
            Assert.True(name is "jaeger" or "dht-tracer");
        }
    }

    [Fact]
    public async Task Dht_tracer_runs_without_rights_and_its_health_is_asked()
    {
        var compose = JsonNode.Parse(
            await NodeProgram.RunAsync("yaml.js", Path.Combine(TestFiles.Repository, "docker-compose.jaeger.yml"))
        )!;
        var tracer = compose["services"]!["dht-tracer"]!;
        Assert.True(tracer["read_only"]!.GetValue<bool>());
        Assert.Equal(["ALL"], tracer["cap_drop"]!.AsArray().Select(one => one!.GetValue<string>()));
        Assert.Equal(["CMD", "./dht-tracer", "health"], tracer["healthcheck"]!["test"]!.AsArray().Select(one => one!.GetValue<string>()));
    }

    [Fact]
    public void The_image_is_built_from_pinned_ones_and_does_not_run_as_root()
    {
        var lines = File.ReadAllLines(Path.Combine(TestFiles.Repository, "Dockerfile"));
        Assert.All(
            lines.Where(line => line.StartsWith("FROM ", StringComparison.Ordinal)),
            line => Assert.Matches(new Regex(@"^FROM mcr\.microsoft\.com/dotnet/\w+:\d+\.\d+\.\d+( AS \w+)?$"), line)
        );
        var user = Array.FindIndex(lines, line => line == "USER $APP_UID");
        Assert.InRange(user, 1, Array.FindIndex(lines, line => line.StartsWith("ENTRYPOINT", StringComparison.Ordinal)));
        Assert.Contains(
            lines,
            line =>
                line.StartsWith("HEALTHCHECK", StringComparison.Ordinal)
                && line.EndsWith("""CMD ["./dht-tracer", "health"]""", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Dht_tracer_pulls_from_the_jaeger_beside_it_and_keeps_its_data()
    {
        var compose = JsonNode.Parse(
            await NodeProgram.RunAsync("yaml.js", Path.Combine(TestFiles.Repository, "docker-compose.jaeger.yml"))
        )!;
        var tracer = compose["services"]!["dht-tracer"]!;
        var command = tracer["command"]!.AsArray().Select(part => part!.GetValue<string>()).ToList();

        Assert.Equal("jaeger://jaeger:16685", command[command.IndexOf("--pull") + 1]);
        var data = command[command.IndexOf("--data") + 1];
        var volume = tracer["volumes"]!.AsArray().Single()!.GetValue<string>().Split(':');
        Assert.Equal(data, volume[1]);
        Assert.True(compose["volumes"]!.AsObject().ContainsKey(volume[0]));
        Assert.True(File.Exists(Path.Combine(TestFiles.Repository, tracer["build"]!["dockerfile"]!.GetValue<string>())));
    }
}
