using System.Net;
using DhtTracer.Hosting.Ports;

namespace DhtTracer.Tests.Hosting;

/// <summary>Which names a port answers, by what can be done there and by what it is bound to.</summary>
public sealed class HostNamesTests
{
    private const string Loopback = "127.0.0.1";
    private const string Everything = "0.0.0.0";
    private const string Outer = "192.0.2.7";

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST")]
    [InlineData("localhost.")]
    [InlineData("127.0.0.1")]
    [InlineData("127.8.8.8")]
    [InlineData("[::1]")]
    [InlineData("traces.example")]
    [InlineData("")]
    public void Every_port_answers_this_machines_names_and_those_that_were_given(string host)
    {
        foreach (var bind in new[] { Loopback, Everything, Outer })
        {
            Assert.True(Names(NameRule.Reader, bind).Answers(host));
            Assert.True(Names(NameRule.Sender, bind).Answers(host));
        }
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("localhost.evil.example")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("traces.example.evil.example")]
    [InlineData("lvh.me")]
    [InlineData("xn--lcalhost-45a")]
    public void A_name_that_a_page_of_another_site_can_have_is_answered_by_no_port_that_can_be_read(string host)
    {
        foreach (var bind in new[] { Loopback, Everything, Outer })
        {
            Assert.False(Names(NameRule.Reader, bind).Answers(host));
        }

        Assert.False(Names(NameRule.Sender, Loopback).Answers(host));
    }

    [Theory]
    [InlineData(Loopback, "203.0.113.5", false)]
    [InlineData(Outer, "203.0.113.5", false)]
    [InlineData(Outer, Outer, true)]
    [InlineData(Everything, "203.0.113.5", true)]
    [InlineData(Everything, "[2001:db8::1]", true)]
    [InlineData("::", "[2001:db8::1]", true)]
    [InlineData(Loopback, "machine", false)]
    [InlineData(Outer, "machine", true)]
    [InlineData(Everything, "MACHINE", true)]
    public void An_address_is_a_name_where_it_may_be_bound_and_the_machines_own_where_others_come_in(
        string bind,
        string host,
        bool answers
    ) => Assert.Equal(answers, Names(NameRule.Reader, bind).Answers(host));

    [Theory]
    [InlineData(Loopback, "host.docker.internal", true)]
    [InlineData(Loopback, "dht-tracer", false)]
    [InlineData(Everything, "dht-tracer", true)]
    [InlineData(Everything, "evil.example", true)]
    public void A_port_that_only_takes_answers_containers_and_once_opened_to_others_everyone(string bind, string host, bool answers) =>
        Assert.Equal(answers, Names(NameRule.Sender, bind).Answers(host));

    [Theory]
    [InlineData("lvh.me", true)]
    [InlineData("localhost", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("sub.lvh.me", false)]
    [InlineData("traces.example", false)]
    [InlineData("machine", false)]
    [InlineData("host.docker.internal", false)]
    public void The_control_server_answers_this_machine_only(string host, bool answers) =>
        Assert.Equal(answers, Names(NameRule.Control, Loopback).Answers(host));

    [Fact]
    public void A_star_lets_any_name_in() =>
        Assert.True(new HostNames(NameRule.Reader, IPAddress.Loopback, ["*"], "machine").Answers("evil.example"));

    [Fact]
    public void The_refusal_names_the_option_that_helps() =>
        Assert.Contains("--host-name evil.example", Names(NameRule.Reader, Loopback).Refusal("evil.example"), StringComparison.Ordinal);

    private static HostNames Names(NameRule rule, string bind) => new(rule, IPAddress.Parse(bind), ["traces.example"], "machine");
}
