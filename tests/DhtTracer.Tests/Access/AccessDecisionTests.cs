using System.Net;
using DhtTracer.Hosting;
using DhtTracer.Hosting.Ports;
using DhtTracer.Output;
using DhtTracer.Web.Access;

namespace DhtTracer.Tests.Access;

/// <summary>What the start decides: open, with keys, or not at all.</summary>
public sealed class AccessDecisionTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 12, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly string _folder = Directory.CreateTempSubdirectory("dht-tracer-decision-").FullName;

    private ServerOptions Options => new() { DataDirectory = _folder, Ports = new Dictionary<PortKind, int?>() };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("127.0.0.2")]
    public void Loopback_is_open(string address) =>
        Assert.False(AccessDecision.Of(Options with { Bind = IPAddress.Parse(address) }, Now).IsRequired);

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("192.0.2.1")]
    public void Another_address_without_keys_is_refused_with_the_remedy(string address)
    {
        var failure = Assert.Throws<CommandFailedException>(() => AccessDecision.Of(Options with { Bind = IPAddress.Parse(address) }, Now));
        Assert.Equal(ExitCode.Usage, failure.ExitCode);
        Assert.Contains("dht-tracer keys add", failure.Message, StringComparison.Ordinal);
        Assert.Contains("--insecure", failure.Message, StringComparison.Ordinal);
        Assert.False(AccessDecision.Of(Options with { Bind = IPAddress.Parse(address), Insecure = true }, Now).IsRequired);
    }

    [Fact]
    public async Task A_valid_key_opens_it_and_an_expired_one_does_not()
    {
        var options = Options with { Bind = IPAddress.Any };
        await AddAsync(Now);
        Assert.Throws<CommandFailedException>(() => AccessDecision.Of(options, Now));
        await AddAsync(Now.AddSeconds(1));
        Assert.True(AccessDecision.Of(options, Now).IsRequired);
        Assert.False(AccessDecision.Of(Options, Now).IsRequired);
        Assert.True(AccessDecision.Of(Options with { Login = true }, Now).IsRequired);
        Assert.Throws<CommandFailedException>(() => AccessDecision.Of(options with { Login = true, Insecure = true }, Now));
    }

    [Fact]
    public void Ports_that_carry_no_key_stay_on_loopback_unless_they_are_opened_by_name()
    {
        var ports = OpenPorts.Of(
            PortTable.All.ToDictionary(static port => port.Kind, static _ => (int?)0),
            new PortSettings { Bind = IPAddress.Any, Access = new PortAccess(KeysRequired: true, ["jaeger-compact"]) }
        );
        Assert.Equal(
            [PortKind.JaegerUdpBinary, PortKind.JaegerSampling, PortKind.Health, PortKind.Control],
            ports.All.Where(static port => IPAddress.IsLoopback(port.EndPoint.Address)).Select(static port => port.Row.Kind)
        );
        Assert.Equal(
            [PortKind.JaegerUdpCompact],
            ports.All.Where(static port => port.IsOpenWithoutKey).Select(static port => port.Row.Kind)
        );
    }

    [Fact]
    public void A_port_that_does_not_exist_cannot_be_opened()
    {
        var failure = Assert.Throws<CommandFailedException>(() => AccessDecision.Of(Options with { OpenWithoutKey = ["udp"] }, Now));
        Assert.Contains("jaeger-compact", failure.Message, StringComparison.Ordinal);
        Assert.Throws<CommandFailedException>(() => AccessDecision.Of(Options with { OpenWithoutKey = ["site"] }, Now));
    }

    private Task AddAsync(DateTimeOffset expires) =>
        new KeyFile(AccessDecision.PathOf(_folder, null)).UpdateAsync(
            keys =>
                keys.Add(
                    new AccessKey
                    {
                        Id = KeySecret.NewId(),
                        Name = $"until {expires:O}",
                        Kind = KeyKind.Operator,
                        Hash = KeySecret.Hash("x"),
                        Created = Now,
                        Expires = expires,
                    }
                ),
            TestContext.Current.CancellationToken
        );
}
